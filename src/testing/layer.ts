/**
 * The laws of padding that every layer keeps, built-in or custom, as property tests over random sequences,
 * masks and weights. They test that padded steps do not affect results, gradients and updates, not what a
 * layer computes.
 */

import fc from "fast-check";
import { must } from "../errors.js";
import { type Shape, sizeOf } from "../graph/shape.js";
import type { Layer } from "../nn/layers/layer.js";
import { listOf, type OptionRules, readOptions, rule } from "../rules.js";
import { reference, wasm } from "./engines.js";
import { CHECK_RULES, type CheckOptions, fail, hold, lawOf, mustBeFunction } from "./laws.js";
import { type Answer, type Batch, numbersOf, Probe } from "./layerProbe.js";

/** The inputs of the checked layer. */
export interface LayerCheckOptions extends CheckOptions {
  /**
   * The shape of a row of each input; the first axis has the steps, to which a law may add some. Default: one
   * input of shape [5, 3].
   */
  readonly shapes?: readonly Shape[];
  /** Maps a normal number to a number of an input, such as an id. Default: the identity. */
  readonly number?: (normal: number) => number;
  /**
   * Laws that it breaks by design, such as the one on the amount of padding for a layer whose windows depend
   * on the length.
   */
  readonly except?: readonly string[];
}

const RULES = {
  ...CHECK_RULES,
  shapes: listOf("the shape of a row of each input, such as [[5, 3]]", isShape, 1),
  number: mustBeFunction,
  except: rule("a list of names of laws", Array.isArray),
} satisfies OptionRules<LayerCheckOptions>;

function isShape(shape: unknown): boolean {
  return (
    Array.isArray(shape) && shape.length > 0 && shape.every((size) => Number.isSafeInteger(size) && size > 0)
  );
}

/** A law of layers, as a property of fast-check. */
export type LayerLaw = (make: () => Layer, options: LayerCheckOptions) => fc.IRawProperty<unknown>;

/** The recipe of a batch: its numbers and weights follow from the seed. */
interface LayerCase {
  readonly rows: number;
  readonly seed: number;
  /** Which inputs have a mask; the first if none is chosen. */
  readonly masked: readonly boolean[];
  /** Whether inputs of equal length share one mask, as around a block of a network. */
  readonly shared: boolean;
  /** Which steps count: bits for rows and steps in turn. */
  readonly counted: readonly boolean[];
  /**
   * Whether float32 kernels compute instead of the float64 references, if results are compared with their own
   * kind.
   */
  readonly float32: boolean;
}

const anyCase = (inputs: number): fc.Arbitrary<LayerCase> =>
  fc.record({
    rows: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
    masked: fc.array(fc.boolean(), { minLength: inputs, maxLength: inputs }),
    shared: fc.boolean(),
    counted: fc.array(fc.boolean(), { minLength: 7, maxLength: 29 }),
    float32: fc.boolean(),
  });

/** Contents of padded steps: any numbers, including NaN and infinities. */
const CONTENTS = [0, -1, 1e4, 3e38, -3e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
/** Contents of padded steps for a layer that receives them unmasked: results of layers for zeros. */
const FINITE = CONTENTS.slice(0, 3);

/** The laws of layers by name: each gives a property for fast-check's `assert`. */
export const layerLaws: Readonly<Record<string, LayerLaw>> = {
  "what is in steps that do not count moves nothing": (make, options) =>
    fc.property(anyCase(shapesOf(options).length), fc.nat({ max: 7 }), (given, which) => {
      const layer = make();
      const batches = batchesOf(given, options);
      const contents = layer.stepwise ? FINITE : CONTENTS;
      const others = batches.map((batch) => filled(batch, contents[which % contents.length]));
      const [before, after] = answers(layer, given, batches, [batches, others]);
      for (const [name, { numbers }] of Object.entries(before))
        mustBeSame(name, numbers, after[name].numbers, 0);
      for (const [i, batch] of batches.entries()) mustNotReach(i, batch, after);
    }),

  "how much padding follows a sequence moves nothing": (make, options) =>
    fc.property(anyCase(shapesOf(options).length), fc.integer({ min: 1, max: 3 }), (given, more) => {
      const layer = make();
      const batches = batchesOf({ ...given, counted: [true] }, options);
      const longer = batches.map((batch) => (grows(batch, batches) ? padded(batch, more, given) : batch));
      compare(layer, given, batches, longer);
    }),

  "a mask that leaves no step out is as no mask": (make, options) =>
    fc.property(anyCase(shapesOf(options).length), (given) => {
      const batches = batchesOf({ ...given, counted: [true] }, options);
      compare(
        make(),
        given,
        batches.map(({ shape, x }) => ({ shape, x })),
        batches,
      );
    }),

  "rows of padding alone give finite numbers": (make, options) =>
    fc.property(anyCase(shapesOf(options).length), fc.boolean(), (given, all) => {
      const batches = batchesOf(given, options).map((batch) => ({
        ...batch,
        ...(batch.mask && {
          mask: Array.from(batch.mask, (counts, i) => (all || i < batch.shape[0] ? 0 : counts)),
        }),
      }));
      const [answer] = answers(make(), given, batches, [batches]);
      for (const [name, { numbers }] of Object.entries(answer)) {
        const wrong = Array.from(numbers).find((number) => !Number.isFinite(number));
        if (wrong !== undefined) fail(`the ${name} has ${wrong}`);
      }
    }),
};

/**
 * Checks all laws of a layer: padding of any content and length changes no result that counts, no gradient
 * and no update. A network passes 0 in padded steps to every layer that is not `stepwise`; so do these
 * checks. Otherwise padded steps may be huge, infinite or NaN; a `stepwise` layer receives finite numbers, as
 * after the first layers of a network.
 *
 * @param make - makes a new layer for each case
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay
 * it; FettleError `invalid_argument` or `unknown_name` for invalid arguments
 * @example
 * ```ts
 * checkLayer(() => gru(4), { shapes: [[6, 3]], numRuns: 10 });
 * // places of numbers in a row matter to it, so that padding takes up columns
 * checkLayer(() => flatten(), { except: ["how much padding follows a sequence moves nothing"], numRuns: 10 });
 * ```
 */
export function checkLayer(make: () => Layer, options: LayerCheckOptions = {}): void {
  for (const name of Object.keys(layerLaws))
    if (!options?.except?.includes(name)) checkLayerLaw(make, name, options);
}

/**
 * Checks one of `layerLaws`, so that a test runner can show each by itself.
 *
 * @throws BrokenLaw as {@link checkLayer}; FettleError `unknown_name` for an unknown law
 * @example
 * ```ts
 * checkLayerLaw(() => dense(2), "what is in steps that do not count moves nothing", { numRuns: 10 });
 * ```
 */
export function checkLayerLaw(make: () => Layer, name: string, options: LayerCheckOptions = {}): void {
  must(typeof make === "function", "make", "a function that makes a layer, such as () => dense(1)", make);
  const { except = [] } = readOptions(options, "checkLayer", RULES);
  for (const each of except) lawOf(layerLaws, each);
  hold(`layer "${make().type}"`, name, lawOf(layerLaws, name)(make, options), options);
}

const shapesOf = ({ shapes = [[5, 3]] }: LayerCheckOptions): readonly Shape[] => shapes;

/** The results of a layer for batches of one form. */
function answers(
  layer: Layer,
  given: LayerCase,
  form: readonly Batch[],
  all: readonly (readonly Batch[])[],
): Answer[] {
  const probe = new Probe(layer, given.rows, form, sharedMasks(given, form));
  return all.map((batches) => probe.answer(given.float32 ? wasm() : reference(), batches, given.seed));
}

function batchesOf(
  { rows, seed, masked, shared, counted }: LayerCase,
  options: LayerCheckOptions,
): (Batch & { readonly mask?: readonly number[] })[] {
  const { number = (normal: number) => normal } = options;
  return shapesOf(options).map((shape, i) => {
    const x = numbersOf(rows * sizeOf(shape), seed, 100 + i).map(number);
    const start = shared ? 0 : i;
    const mask = Array.from({ length: rows * shape[0] }, (_, j) =>
      Number(counted[(start + j) % counted.length]),
    );
    // an input of one axis next to a sequence, such as a first state, has no steps
    const hasMask = i === 0 ? masked[0] || !masked.includes(true) : masked[i] && shape.length > 1;
    return { shape, x, ...((hasMask || shapesOf(options).length === 1) && { mask }) };
  });
}

/** For each input, the first one with its mask. */
function sharedMasks({ shared }: LayerCase, batches: readonly Batch[]): number[] {
  return batches.map(({ shape }, i) =>
    shared ? batches.findIndex(({ shape: [steps], mask }) => mask && steps === shape[0]) : i,
  );
}

/** A batch with `content` in the padded steps, and unchanged elsewhere. */
function filled({ shape, x, mask }: Batch, content: number): Batch {
  if (mask === undefined) return { shape, x };
  const size = sizeOf(shape.slice(1));
  const numbers = Array.from(x, (number, i) =>
    mask[Math.floor(i / size)] === 0 && (i % 3 > 0 || size === 1) ? content : number,
  );
  return { shape, x: numbers, mask };
}

/** Whether padding adds steps to an input: it, or one of equal length, has a mask. */
const grows = ({ shape: [steps, ...rest] }: Batch, batches: readonly Batch[]): boolean =>
  (rest.length > 0 || batches.length === 1) &&
  batches.some(({ shape, mask }) => mask !== undefined && shape[0] === steps);

/** A batch with `more` further steps of other numbers. */
function padded({ shape: [steps, ...rest], x, mask }: Batch, more: number, { rows, seed }: LayerCase): Batch {
  const size = sizeOf(rest);
  const longer = (of: ArrayLike<number>, width: number, added: (count: number) => number[]): number[] =>
    Array.from({ length: rows }, (_, row) => [
      ...Array.from({ length: steps * width }, (__, i) => of[row * steps * width + i]),
      ...added(more * width),
    ]).flat();
  return {
    shape: [steps + more, ...rest],
    // ids stay ids
    x: longer(x, size, (count) => numbersOf(count, seed, 7).map((_, i) => x[i % x.length])),
    ...(mask && { mask: longer(mask, 1, (count) => Array(count).fill(0)) }),
  };
}

/** The largest difference of two sums of the same numbers in other orders, in float64. */
const TOLERANCE = 1e-9;

/** Refuses a layer whose results differ between batches, in float64. */
function compare(layer: Layer, given: LayerCase, batches: readonly Batch[], others: readonly Batch[]): void {
  const probes = [batches, others].map(
    (each) => new Probe(layer, given.rows, each, sharedMasks(given, each)),
  );
  const shapes = probes.map(({ parameters }) => JSON.stringify(parameters.map(({ shape }) => shape)));
  if (shapes[0] !== shapes[1])
    fail(`its parameters depend on how many steps there are: ${shapes[0]} became ${shapes[1]}`);
  // its random numbers in training depend on the length
  const isRandom = probes.some((probe) => probe.isRandom);
  const [before, after] = [batches, others].map((each, i) => probes[i].answer(reference(), each, given.seed));
  const names = isRandom ? ["result"] : Object.keys(before);
  for (const name of names)
    if (name !== "mask" && !name.startsWith("gradient of input"))
      mustBeSame(name, countedOf(before, name), countedOf(after, name), TOLERANCE);
}

/** For a result, the steps that count, in order; for anything else, all numbers. */
function countedOf(answer: Answer, name: string): ArrayLike<number> {
  const { numbers, shape } = answer[name];
  if (!name.startsWith("result") || answer.mask === undefined) return numbers;
  const size = sizeOf(shape.slice(answer.mask.shape.length));
  return Array.from(numbers).filter((_, i) => answer.mask.numbers[Math.floor(i / size)] !== 0);
}

function mustBeSame(
  name: string,
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  tolerance: number,
): void {
  if (before.length !== after.length)
    fail(`the ${name} has ${after.length} numbers that count rather than ${before.length}`);
  for (let i = 0; i < before.length; i++) {
    const bound = tolerance * (1 + Math.abs(before[i]));
    if (
      !(before[i] === after[i] || Object.is(before[i], after[i]) || Math.abs(before[i] - after[i]) <= bound)
    )
      fail(`number ${i} of the ${name} is ${after[i]} rather than ${before[i]}`);
  }
}

/** Refuses a gradient in steps that do not count. */
function mustNotReach(input: number, { shape, mask }: Batch, answer: Answer): void {
  if (mask === undefined) return;
  const size = sizeOf(shape.slice(1));
  const { numbers } = answer[`gradient of input ${input}`];
  const at = Array.from(numbers).findIndex((number, i) => mask[Math.floor(i / size)] === 0 && number !== 0);
  if (at >= 0) fail(`the gradient of input ${input} is ${numbers[at]} in a step that does not count`);
}
