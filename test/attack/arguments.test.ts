/**
 * Every function of every entry, called with what it does not take: with wrong values alone, and with one
 * wrong value among right ones. It returns a value, or throws an error of the family, whose message names
 * what was wrong. So do the functions that are returned, and the methods that people call.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { FettleError, show } from "../../src/errors.js";
import { BrokenLaw } from "../../src/testing/laws.js";
import { type Anything, entries, functionsOf, importOf, isOptions, optionsOf } from "./support/exports.js";
import { VALID } from "./support/validCalls.js";

/** The text is no path of a file that can be written. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  {},
  3,
  -1.5,
  Number.NaN,
  "no/x",
  [],
  [null],
  () => 1,
  true,
];
const GIVEN: readonly (readonly unknown[])[] = [
  [],
  ...WRONG.map((value) => [value]),
  ...WRONG.map((value) => [value, value]),
  ...[
    [{}, null],
    [[1], [1]],
    [[1], null],
    [{}, {}, {}],
    [null, null, null],
  ],
];

/**
 * Methods that people call; those of layers, optimizers, strategies and callbacks are called by the library.
 */
const METHODS = [
  ...[
    "fit",
    "evaluate",
    "predict",
    "summary",
    "compile",
    "getWeights",
    "setWeights",
    "save",
    "answers",
    "classify",
  ],
  ...["ask", "tell", "add", "enqueue", "optimize", "load", "start"],
];
/** Their options are those of `tune`, which is asked. */
const LIKE_TUNE = ["gridSearch", "nestedCrossValidation", "randomSearch"];
/** A text is a file or a server to these. */
const opensText = (name: string): boolean => /Storage$|^(import|export)\w*Optuna$/.test(name);

// summaries are printed
beforeAll(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

describe.each(entries)("each function of %s", (entry, [path]) => {
  it("refuses wrong arguments by name, or takes them", { timeout: 120_000 }, async () => {
    const module = await importOf(path);
    const raw: string[] = [];
    for (const [name, call] of functionsOf(module)) {
      for (const given of GIVEN) {
        if (opensText(name) && given.some((each) => typeof each === "string")) continue;
        raw.push(...(await rawErrorOf(name, call, given)));
      }
    }
    expect(raw).toEqual([]);
  });

  it("refuses one wrong argument or option among right ones, and so does what it returns", {
    timeout: 120_000,
  }, async () => {
    const module = await importOf(path);
    const raw: string[] = [];
    for (const [name, call] of functionsOf(module)) {
      if (opensText(name)) continue;
      const known = VALID[`${entry}.${name}`] ?? VALID[name];
      const right = async (): Promise<unknown[]> => [...((await known?.()) ?? [])];
      const results: unknown[] = [];
      const why = await rawErrorOf(
        name,
        async (...given) => results.push(await call(...given)),
        await right(),
      );
      if (known) expect([name, why, results.length]).toEqual([name, [], 1]);
      for (const [place, returned] of functionsIn(name, results[0]))
        for (const given of GIVEN) raw.push(...(await rawErrorOf(place, returned, given)));
      if (LIKE_TUNE.includes(name)) continue;
      for (let at = 0; results.length > 0 && at <= (await right()).length; at++) {
        for (const spoilt of await spoiltAt(at, right, call))
          raw.push(...(await rawErrorOf(name, call, spoilt)));
      }
    }
    expect(raw).toEqual([]);
  });
});

/** The functions among the results of a call: a result that is one, and methods of one. */
function functionsIn(name: string, result: unknown): readonly (readonly [string, Anything])[] {
  if (typeof result === "function") return [[`what ${name} returns`, result as Anything]];
  if (typeof result !== "object" || result === null || "onEpochEnd" in result) return [];
  return METHODS.flatMap((method) => {
    const found = (result as Readonly<Record<string, unknown>>)[method];
    return typeof found === "function"
      ? [[`${name}.${method}`, found.bind(result) as Anything] as const]
      : [];
  });
}

/** Right arguments but for the one at a place, or for one of its elements or options. */
async function spoiltAt(at: number, right: () => Promise<unknown[]>, call: Anything): Promise<unknown[][]> {
  const given = await right();
  const own = given[at] ?? {};
  const parts = Array.isArray(own) ? own.slice(0, 1) : isOptions(own) ? own : undefined;
  const names = Array.isArray(parts)
    ? [...parts.keys()]
    : parts
      ? await optionsOf(call, given.slice(0, at), parts)
      : [];
  const spoilt: unknown[][] = [];
  for (const wrong of WRONG) {
    spoilt.push([...given.slice(0, at), wrong, ...given.slice(at + 1)]);
    for (const name of names) {
      const fresh = await right();
      const part = Array.isArray(fresh[at]) ? [...fresh[at]] : { ...(fresh[at] ?? {}) };
      spoilt.push([...fresh.slice(0, at), Object.assign(part, { [name]: wrong }), ...fresh.slice(at + 1)]);
    }
  }
  return spoilt;
}

/**
 * What is thrown that is neither of the family nor a broken law; nothing where there is nothing of that kind.
 */
async function rawErrorOf(
  name: string,
  call: Anything,
  given: readonly unknown[],
): Promise<readonly string[]> {
  try {
    await call(...given);
    return [];
  } catch (error) {
    if (error instanceof BrokenLaw) return []; // what a check found, such as of a function that is no strategy
    const isFamily = error instanceof FettleError;
    const message = isFamily ? error.message : String(error);
    const isPlain =
      isFamily && error.code !== "internal" && !/undefined \(reading|is not a function$/.test(message);
    return isPlain ? [] : [`${name}(${given.map(shown).join(", ")}): ${message}`];
  }
}

const shown = (value: unknown): string => (typeof value === "function" ? "() => 1" : show(value));
