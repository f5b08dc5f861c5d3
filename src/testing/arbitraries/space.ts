/**
 * Random search spaces for property tests: every kind of parameter, with conditions on other parameters, in
 * any order. It draws spaces, not points.
 *
 * @example
 * ```ts
 * fc.assert(
 *   fc.property(anySpace({ finite: true }), anyConstraint(), (space, constraint) => {
 *     const study = createStudy({ space, strategy: random(), direction: "minimize", ...(constraint && { constraint }) });
 *     const trial = study.ask();
 *     return trial === undefined || constraint?.(trial.params) !== false;
 *   }),
 *   { numRuns: 20 },
 * );
 * ```
 */

import fc from "fast-check";
import { flag, integer, type OptionRules, readOptions } from "../../rules.js";
import type { Condition, Parameter } from "../../search/space/parameter.js";
import { valueAt, valueCount } from "../../search/space/scale.js";
import type { Constraint, Space } from "../../search/space/space.js";
import { valueKey } from "../../search/space/value.js";

/** Which spaces. */
export interface SpaceConstraints {
  /** Only spaces with a small number of points. Default false. */
  readonly finite?: boolean;
  /** Default 5. */
  readonly maxParameters?: number;
}

const RULES = {
  finite: [flag, false],
  maxParameters: [integer(), 5],
} satisfies OptionRules<SpaceConstraints>;

const names = ["units", "rate", "optimizer", "momentum", "depth", "decay", "activation", "b1"];

/** A space of 1 to `maxParameters` parameters. */
export function anySpace(constraints: SpaceConstraints = {}): fc.Arbitrary<Space> {
  const { finite, maxParameters } = readOptions(constraints, "anySpace", RULES);
  const parameter = finite
    ? anyFiniteParameter()
    : fc.oneof(anyFiniteParameter(), anyContinuous(), anyLongInt());
  const entry = fc.record({ parameter, conditions: fc.array(anyClause(), { maxLength: 2 }) });
  return fc
    .tuple(fc.array(entry, { minLength: 1, maxLength: maxParameters }), fc.infiniteStream(fc.nat()))
    .map(([entries, order]) => {
      const made = entries.map(({ parameter, conditions }, i) => {
        const when: Record<string, Condition[string]> = {};
        for (const { pick, from, to } of conditions) {
          if (pick >= i) continue; // only earlier parameters can be conditions
          const clause = clauseOn(entries[pick].parameter, from, to);
          when[names[pick]] = clause;
        }
        const conditional = Object.keys(when).length > 0;
        return [names[i], conditional ? { ...parameter, when } : parameter] as const;
      });
      const keyed = made.map((named) => [order.next().value, named] as const);
      return Object.fromEntries(keyed.sort((a, b) => a[0] - b[0]).map(([, named]) => named));
    });
}

/**
 * A constraint that forbids a random eighth to half of all points; sometimes undefined.
 */
export function anyConstraint(): fc.Arbitrary<Constraint | undefined> {
  const shares = fc.record({ salt: fc.nat(), share: fc.integer({ min: 2, max: 8 }) });
  return fc.option(
    shares.map(
      ({ salt, share }): Constraint =>
        (params) =>
          hashOf(`${salt} ${valueKey(params)}`) % share !== 0,
    ),
    { nil: undefined },
  );
}

/** FNV-1a */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash >>> 8; // the low bits are weak
}

/** The number of an earlier parameter, and two fractions of its range. */
function anyClause(): fc.Arbitrary<{ pick: number; from: number; to: number }> {
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });
  return fc.record({ pick: fc.nat({ max: 12 }), from: fraction, to: fraction });
}

/** A clause that some values of `parameter` satisfy. */
function clauseOn(parameter: Parameter, from: number, to: number): Condition[string] {
  const count = valueCount(parameter);
  if (Number.isFinite(count)) {
    const [first, second] = [from, to].map((t) =>
      valueAt(parameter, Math.min(count - 1, Math.floor(t * count))),
    );
    if (parameter.type === "choice" || from < to) return first === second ? [first] : [first, second];
    return { low: second as number, high: first as number };
  }
  const { low, high } = parameter as { low: number; high: number };
  const bound = Math.min(high, low + from * (high - low)); // the sum may round up
  return to < 0.5 ? { low: bound } : { high: bound };
}

function anyFiniteParameter(): fc.Arbitrary<Parameter> {
  const count = fc.integer({ min: 1, max: 5 });
  const value = fc.oneof(
    fc.constantFrom<(string | number | boolean | null)[]>("relu", "tanh", "", true, false, null, 0, 1, -2.5),
    fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 3 }),
    fc.record({ beta: fc.integer({ min: 0, max: 3 }) }),
  );
  const choices = fc
    .uniqueArray(value, { minLength: 1, maxLength: 4, selector: (item) => JSON.stringify(item) })
    .map((values): Parameter => ({ type: "choice", values }));
  const ints = fc
    .record({
      low: fc.integer({ min: -20, max: 20 }),
      count,
      step: fc.integer({ min: 1, max: 4 }),
      slack: fc.nat(3),
    })
    .map(
      ({ low, count, step, slack }): Parameter => ({
        type: "int",
        low,
        high: low + (count - 1) * step + (slack % step),
        ...(step > 1 && { step }),
      }),
    );
  const logInts = fc
    .record({ low: fc.integer({ min: 1, max: 9 }), count, step: fc.integer({ min: 1, max: 4 }) })
    .map(
      ({ low, count, step }): Parameter => ({
        type: "int",
        low,
        high: low + (count - 1) * step,
        log: true,
        step,
      }),
    );
  const stepped = fc
    .record({
      low: fc.integer({ min: -30, max: 30 }),
      count,
      step: fc.constantFrom(0.1, 0.25, 0.03, 2, 1e-7),
    })
    .map(
      ({ low, count, step }): Parameter => ({
        type: "float",
        low: low / 10,
        high: low / 10 + count * step,
        step,
      }),
    );
  return fc.oneof(choices, ints, logInts, stepped);
}

function anyContinuous(): fc.Arbitrary<Parameter> {
  const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const plain = fc
    .tuple(bound, bound)
    .map(([a, b]): Parameter => ({ type: "float", low: Math.min(a, b), high: Math.max(a, b) }));
  const positive = fc.double({ min: 1e-12, max: 1e6, noNaN: true });
  const logs = fc
    .tuple(positive, positive)
    .map(([a, b]): Parameter => ({ type: "float", low: Math.min(a, b), high: Math.max(a, b), log: true }));
  return fc.oneof(plain, logs);
}

function anyLongInt(): fc.Arbitrary<Parameter> {
  return fc
    .record({
      low: fc.integer({ min: 1, max: 100 }),
      span: fc.integer({ min: 0, max: 1_000_000 }),
      log: fc.boolean(),
    })
    .map(({ low, span, log }): Parameter => ({ type: "int", low, high: low + span, ...(log && { log }) }));
}
