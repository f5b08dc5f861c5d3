/** Cases of legal extremes: which call, and what is done with its result. Not a test itself. */
import fc from "fast-check";
import * as fettle from "fettle";
import { isRecord } from "../../../src/errors.js";
import { VALID } from "./validCalls.js";

type Anything = (...given: readonly unknown[]) => unknown;
/** What draws: `g(fc.nat)`. */
type Gen = fc.GeneratorValue;
/** Makes one case of what it draws. */
export type Draw = (g: Gen) => Promise<{ readonly name: string; readonly run: () => Promise<unknown> }>;

/** Bounds of integers and floats, and their neighbours; and where float32 has its own. */
const POOL: readonly unknown[] = [
  ...[0, -0, 1, 2, 3, 7, 0.5, 1e-3, 0.999, 1 - 2 ** -53, 1 + 2 ** -52, -1],
  ...[255, 256, 10_000, 1e6, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53 - 1],
  ...[2 ** -126, 2 ** -149, 1e-7, 2e-16, 1e-45, 1e-300, 5e-324, 3.4e38, 1e39, 1e300, Number.MAX_VALUE],
  ...[Number.POSITIVE_INFINITY, -1e300, -(2 ** 53) + 1, true, false, [], "", "a"],
];
const extreme = fc.constantFrom(...POOL);

/** Options that count work: whoever asks for a million of it gets it. */
const WORK =
  /^(epochs|trials|steps|repeats|numRuns|runs|samples|trees|points|restarts|budget|rows|maxSteps|problems|seeds|patience|iterations)$/;
/** Options that need other threads and processes. */
const ELSEWHERE = /^(jobs|queue)$/;
/** What opens files, and what runs until it is stopped. */
const LEFT_OUT = /Storage$|Optuna$|\.tuneWorker$/;

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
/** Options, or a part of them: not what the library made, such as a layer or an encoded table. */
const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isRecord(value) &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !["call", "columns", "suggest"].some((name) => name in value);

/** Calls of the functions of some modules, each with right arguments but for a few extremes. */
export function callOf(entries: Readonly<Record<string, object>>): Draw {
  const functions = Object.entries(entries).flatMap(([entry, module]) => functionsOf(entry, module));
  const names = new Map<string, readonly string[]>();
  return async (g) => {
    const [place, call] = g(fc.constantFrom, ...functions);
    const name = place.slice(place.indexOf(".") + 1);
    const right = [...((await (VALID[place] ?? VALID[name])?.()) ?? [])];
    // one more than there are: options that may be left out
    const at = g(fc.nat, { max: right.length });
    const before = right.slice(0, at);
    const known = names.get(`${place} ${at}`) ?? (await optionsOf(call, before, right[at]));
    names.set(`${place} ${at}`, known);
    const given = [...before, spoilt(g, right[at], known, 3), ...right.slice(at + 1)];
    return {
      name: `${place}(${given.map(shown).join(", ")})`,
      run: async () => use(g, await call(...given)),
    };
  };
}

function functionsOf(place: string, module: object): readonly (readonly [string, Anything])[] {
  return Object.entries(module).flatMap(([name, value]) => {
    const own = `${place}.${name}`;
    if (typeof value === "function")
      return /^class\b/.test(String(value)) || LEFT_OUT.test(own) ? [] : [[own, value as Anything] as const];
    return Object.prototype.toString.call(value) === "[object Module]"
      ? functionsOf(own, value as object)
      : [];
  });
}

/** The names of options that a function takes at a place, as it lists them where one is unknown. */
async function optionsOf(
  call: Anything,
  before: readonly unknown[],
  own: unknown,
): Promise<readonly string[]> {
  if (own !== undefined && !isPlain(own)) return [];
  try {
    await call(...before, { ...own, notAnOption: 1 });
  } catch (error) {
    const known = /^unknown option of .* Known: (.*)\.$/.exec((error as Error).message);
    if (known) return known[1].split(", ");
  }
  return Object.keys(own ?? {});
}

/** A value with up to three extremes in it. */
function spoilt(g: Gen, own: unknown, known: readonly string[], depth: number): unknown {
  if (depth > 0 && (known.length > 0 || isPlain(own))) {
    const changed: Record<string, unknown> = { ...(own as object) };
    const options = known.length > 0 ? known : Object.keys(changed);
    for (let times = g(fc.integer, { min: 1, max: 3 }); times > 0 && options.length > 0; times--) {
      const option = g(fc.constantFrom, ...options);
      const value = spoilt(g, changed[option], [], depth - 1);
      if (ELSEWHERE.test(option) || (WORK.test(option) && Number(value) > 100)) continue;
      changed[option] = value;
    }
    return changed;
  }
  if (depth > 0 && isList(own) && own.length > 0) {
    const changed = [...own];
    const index = g(fc.nat, { max: own.length - 1 });
    changed[index] = spoilt(g, own[index], [], depth - 1);
    return changed;
  }
  return g(() => extreme);
}

/** What a result does when it is used. */
async function use(g: Gen, made: unknown): Promise<unknown> {
  if (!isRecord(made) && typeof made !== "function") return made;
  const it = made as never as Readonly<Record<string, unknown>>;
  if (typeof it.call === "function" && typeof it.outputShape === "function")
    return train([it as never as fettle.Layer]);
  if (typeof it.update === "function" && typeof it.init === "function")
    return train([fettle.dense(2)], it as never as fettle.Optimizer);
  if (typeof it.rate === "function")
    return train([fettle.dense(2)], fettle.sgd({ learningRate: it as never as fettle.Schedule }));
  if (typeof it.suggest === "function") return search(g, space(g), it as never as fettle.Strategy);
  if (it.type === "float" || it.type === "int" || it.type === "choice")
    return search(g, { it: it as never as fettle.Parameter }, strategyOf(g));
  if (made instanceof fettle.LayersModel) return made.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  if (typeof it.ask === "function") return asks(g, made as unknown as fettle.Study);
  if (typeof made === "function" && "options" in made)
    return (made as fettle.Splitter)({
      rows: 24,
      labels: Array.from({ length: 24 }, (_, i) => i % 2),
      groups: Array.from({ length: 24 }, (_, i) => i % 6),
      time: Array.from({ length: 24 }, Number),
    });
  return made;
}

const rowOf = (shape: readonly number[]): unknown =>
  shape.length === 0
    ? 0.5
    : Array.from({ length: shape[0] }, (_, i) => (shape.length === 1 ? i / 4 - 0.3 : rowOf(shape.slice(1))));

/** Two steps of a network of some layers, on the first shape of rows that they take, and a prediction. */
async function train(
  layers: readonly fettle.Layer[],
  optimizer: fettle.Optimizer | "adam" = "adam",
): Promise<void> {
  let refusal: unknown;
  for (const shape of [[3], [4, 3], [4, 4, 3]]) {
    const symbol = fettle.input(shape);
    let shaped: fettle.SymbolicTensor;
    try {
      shaped = layers.reduce((value, layer) => layer.apply(value), symbol);
      if (shaped.shape.length > 1) shaped = fettle.flatten().apply(shaped);
    } catch (error) {
      if (!(error instanceof fettle.FettleError)) throw error;
      refusal = error;
      continue;
    }
    const model = fettle.functional({ inputs: symbol, outputs: fettle.dense(1).apply(shaped) });
    model.compile({ optimizer, loss: "meanSquaredError" });
    const x = Array.from({ length: 4 }, () => rowOf(shape)) as never;
    await model.fit(x, [0, 1, 2, 3], { epochs: 2, batchSize: 4 });
    await model.predict(x);
    return;
  }
  throw refusal;
}

const STRATEGIES = fettle.strategyNames;
const strategyOf = (g: Gen): fettle.Strategy => fettle.createStrategy(g(fc.constantFrom, ...STRATEGIES));

const BOUNDS = POOL.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
const STEPS = [undefined, 1, 2, 3, 0.1, 1e-3, 2e-16, 2 ** -52, 5e-324, 1e300, 2 ** 31, 2 ** 52];

/** A space of ranges as wide, as narrow and as fine as they can be. */
function space(g: Gen): fettle.Space {
  const parameter = (): fettle.Parameter => {
    const kind = g(fc.constantFrom, "int", "float", "float", "choice");
    if (kind === "choice")
      return fettle.choice(Array.from({ length: g(fc.constantFrom, 1, 2, 30, 2000) }, (_, i) => `v${i}`));
    const [one, other] = [g(fc.constantFrom, ...BOUNDS), g(fc.constantFrom, ...BOUNDS)];
    const sign = g(fc.constantFrom, 1, 1, -1);
    const ends = [one, other * sign].map((end) => (kind === "int" ? Math.trunc(end) : end));
    const step = g(fc.constantFrom, ...STEPS);
    const log = g(fc.constantFrom, false, false, true);
    const options = { ...(step !== undefined && !log && { step }), ...(log && { log }) };
    return (kind === "int" ? fettle.int : fettle.float)(Math.min(...ends), Math.max(...ends), options);
  };
  const count = g(fc.constantFrom, 1, 1, 2, 3, 12);
  const made: Record<string, fettle.Parameter> = {};
  for (let i = 0; i < count; i++) {
    try {
      made[`p${i}`] = parameter();
    } catch (error) {
      if (!(error instanceof fettle.FettleError)) throw error; // a range that is none
    }
  }
  return { last: fettle.float(0, 1), ...made };
}

const VALUES = [0, 1, -1, 1e-300, 1e300, -1e300, Number.NaN, 3, 4, 5, 6, 7];

/** Asks and tells. */
function asks(g: Gen, study: Pick<fettle.Study, "ask" | "tell">): void {
  for (let i = 0; i < 14; i++) {
    const trial = study.ask();
    if (!trial) return;
    const value = g(fc.constantFrom, ...VALUES);
    study.tell(trial.number, Number.isNaN(value) ? { status: "diverged" } : { value });
  }
}

function search(g: Gen, over: fettle.Space, strategy: fettle.Strategy): void {
  asks(
    g,
    fettle.createStudy({ space: over, strategy, direction: g(fc.constantFrom, "minimize", "maximize") }),
  );
}

/** A study over a space of extremes by any strategy. */
export const studyCase: Draw = async (g) => {
  const [over, strategy] = [space(g), strategyOf(g)];
  return {
    name: `${strategy.name} over ${JSON.stringify(over).slice(0, 600)}`,
    run: async () => search(g, over, strategy),
  };
};

const shown = (value: unknown): string => {
  if (typeof value === "function") return value.name || "function";
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (isList(value)) return `[${value.slice(0, 4).map(shown).join(", ")}${value.length > 4 ? ", …" : ""}]`;
  if (isPlain(value))
    return `{ ${Object.entries(value)
      .map(([name, own]) => `${name}: ${shown(own)}`)
      .join(", ")
      .slice(0, 300)} }`;
  return isRecord(value) ? (value.constructor?.name ?? "object") : JSON.stringify(value);
};
