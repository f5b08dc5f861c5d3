/**
 * Options are plain data. Every function of every entry, and every method that takes options, called with
 * what is none in their place, and in the place of each of them: it is refused, in words that say what was
 * received and what was forgotten.
 */
import * as fettle from "fettle";
import { describe, expect, it } from "vitest";
import { FettleError, show } from "../../src/errors.js";
import { type Anything, entries, functionsOf, importOf, isOptions, optionsOf } from "./support/exports.js";
import { VALID } from "./support/validCalls.js";

class Foo {
  readonly learningRate = 0.1;
}

/** What is no option and no options, with what a refusal calls it. */
const IMPOSTORS: readonly (readonly [unknown, RegExp])[] = [
  [Promise.resolve({ learningRate: 0.1 }), /a Promise: did you forget `await`\?/],
  [new Map([["learningRate", 0.1]]), /a Map: use Object\.fromEntries/],
  [new Set(["learningRate"]), /a Set/],
  [new Date(0), /a Date, "1970-01-01T00:00:00\.000Z"/],
  [new Foo(), /an instance of Foo/],
];
/** What is no options, and may be an argument of another kind: a number of rows, an array, a function. */
const OTHERS: readonly unknown[] = ["text", 3, true, null, [], [1], () => ({}), async () => ({}), Promise];

/** Options of `tune` that a replay, of one trial in this process, has no use for. */
const IGNORED: readonly string[] = ["trials of replay", "queue of replay"];

/** How many options the law finds, at least. */
const LEAST: Readonly<Record<string, number>> = { fettle: 400, "fettle/report": 10, "fettle/serve": 30 };

/** Whose first argument is rows, or truths of a metric, or options. */
const takesRows = (name: string): boolean =>
  /^(metrics\.\w+|\w*(KFold|Split|LeaveOut|GroupOut|PGroupsOut|POut|leaveOneOut))$/i.test(name);

/**
 * The values that a call takes, or refuses in other words; nothing where all are refused as they should be.
 */
async function wronglyTaken(
  place: string,
  call: Anything,
  values: readonly (readonly [unknown, RegExp])[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [value, kind] of values) {
    const said = await refusalOf(() => call(value));
    if (said === undefined || !kind.test(said)) wrong.push(`${show(value)}: ${said ?? "taken"}`);
  }
  return wrong.length === 0 ? [] : [`${place}: ${wrong.length} wrong, such as ${wrong[0]}`];
}

/**
 * The message of the refusal; undefined if there is none, and what is thrown where it is none of the family.
 */
async function refusalOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!(error instanceof FettleError)) return `raw: ${error}`;
    return error.code === "internal" ? `internal: ${error.message}` : error.message;
  }
}

const other = OTHERS.map((value) => [value, /^(?!raw|internal)/] as const);

/** Holds the options at the end of a call to the law. */
async function check(name: string, call: Anything, right: () => Promise<readonly unknown[]>) {
  const wrong: string[] = [];
  let options = 0;
  const { length } = await right();
  for (let at = 0; at <= length; at++) {
    const given = (await right())[at];
    if (given !== undefined && !isOptions(given)) continue;
    const names = (await optionsOf(call, (await right()).slice(0, at), {})).filter((each) => each !== "none");
    if (names.length === 0) continue;
    const withOptions =
      (change: (own: object) => unknown): Anything =>
      async (value) => {
        const [...fresh] = await right();
        fresh[at] = change({ value, own: fresh[at] });
        return call(...fresh);
      };
    const whole = withOptions(({ value }: { value?: unknown }) => value);
    wrong.push(...(await wronglyTaken(`${name}(…)`, whole, IMPOSTORS)));
    if (!takesRows(name)) wrong.push(...(await wronglyTaken(`${name}(…)`, whole, other)));
    for (const option of names) {
      if (IGNORED.includes(`${option} of ${name}`)) continue;
      options++;
      const one = withOptions(({ value, own }: { value?: unknown; own?: object }) => ({
        ...own,
        ...(option === "data" && own && "x" in own && { x: undefined, y: undefined }), // which stand in its place
        [option]: value,
      }));
      wrong.push(...(await wronglyTaken(`${option} of ${name}`, one, IMPOSTORS)));
    }
  }
  return { wrong, options };
}

/** Methods that take options, each on an object of its own. */
const methods: Readonly<Record<string, (options: never) => unknown>> = {
  compile: (options) => fettle.sequential([fettle.dense(1)]).compile(options),
  fit: (options) => compiled().fit([[1], [2]], [1, 2], options),
  optimize: (options) => study().optimize(() => 1, options),
  tell(options) {
    const own = study();
    return own.tell(own.ask()?.number ?? 0, options);
  },
  enqueue: (options) => study().enqueue(options),
  "fit of tune": (fit) => fettle.tune({ ...tuned(), fit }),
  "what fit of tune returns": (fit) => fettle.tune({ ...tuned(), fit: () => fit }),
  "what pipeline of tune returns": (pipeline) => fettle.tune({ ...tuned(), pipeline: () => pipeline }),
  "early stopping of tune": (earlyStopping) => fettle.tune({ ...tuned(), fit: { earlyStopping } }),
  "a column of a pipeline": (x0) => fettle.tune({ ...tuned(), pipeline: { columns: { x0 } } }),
  "the space of tune": (space) => fettle.tune({ ...tuned(), space }),
  "what fit of tune returns, async": (fit) => fettle.tune({ ...tuned(), fit: (async () => fit) as never }),
};

const compiled = () => {
  const model = fettle.sequential([fettle.dense(1)]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
};
const study = () =>
  fettle.createStudy({ space: { a: fettle.float(0, 1) }, strategy: fettle.random(), direction: "minimize" });
const tuned = () => ({
  x: Array.from({ length: 12 }, (_, i) => [i]),
  y: Array.from({ length: 12 }, (_, i) => 2 * i),
  space: { a: fettle.float(0, 1) },
  model: compiled,
  trials: 1,
  jobs: 1,
  validation: { folds: 2 },
});

it.each(Object.entries(methods))("%s takes options that are plain data alone", async (name, call) => {
  const isAsync = name.endsWith("async");
  const values = isAsync ? IMPOSTORS.map(([value]) => [value, IMPOSTORS[0][1]] as const) : IMPOSTORS;
  expect(await wronglyTaken(name, call as Anything, values)).toEqual([]);
});

describe.each(entries)("%s", (entry, [path]) => {
  it("takes options that are plain data alone", { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    let options = 0;
    for (const [name, call] of functionsOf(await importOf(path))) {
      const known = VALID[`${entry}.${name}`] ?? VALID[name];
      const found = await check(name, call, async () => [...((await known?.()) ?? [])]);
      wrong.push(...found.wrong);
      options += found.options;
    }
    expect(wrong).toEqual([]);
    expect(options).toBeGreaterThanOrEqual(LEAST[entry] ?? 0); // or the law looks at nothing
  });
});
