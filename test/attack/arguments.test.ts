/**
 * Every function of every entry, called with what it does not take: it returns a value, or throws an error of the family, whose message names
 * what was wrong. So does the function of `grad`.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { BrokenLaw } from "../../src/testing/laws.js";

type Anything = (...given: readonly unknown[]) => unknown;

const root = new URL("../../", import.meta.url);
const { compilerOptions } = JSON.parse(readFileSync(new URL("tsconfig.json", root), "utf8")) as {
  readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly [string]>> };
};
/** `fettle/cloudflare` is imported in Workers alone. */
const entries = Object.entries(compilerOptions.paths).filter(
  ([name]) => name.startsWith("fettle") && name !== "fettle/cloudflare",
);

const WRONG: readonly unknown[] = [undefined, null, {}, 3, "x", [], [null], () => 1];
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

/** Functions that do long work without arguments. */
const LONG = ["verify"];
/** What these return takes numbers or values. */
const RETURNED = ["grad", "valueAndGrad"];
/** A text is a file or a server to these. */
const opensText = (name: string): boolean => /Storage$|^(import|export)\w*Optuna$/.test(name);

describe.each(entries)("each function of %s", (_, [path]) => {
  it("refuses wrong arguments by name, or takes them", { timeout: 120_000 }, async () => {
    const module = (await import(new URL(path, root).href)) as Readonly<Record<string, unknown>>;
    const raw: string[] = [];
    for (const [name, call] of functionsOf(module)) {
      for (const given of GIVEN) {
        if (opensText(name) && given.some((each) => typeof each === "string")) continue;
        const wrong = await rawErrorOf(call, given, RETURNED.includes(name));
        if (wrong !== undefined) raw.push(`${name}(${given.map(shown).join(", ")}): ${wrong}`);
      }
    }
    expect(raw).toEqual([]);
  });
});

function functionsOf(module: Readonly<Record<string, unknown>>): readonly (readonly [string, Anything])[] {
  return Object.entries(module).flatMap(([name, value]) => {
    if (typeof value === "function")
      return /^class\b/.test(String(value)) || LONG.includes(name)
        ? []
        : [[name, value as Anything] as const];
    return Object.prototype.toString.call(value) === "[object Module]"
      ? functionsOf(value as typeof module).map(([own, call]) => [`${name}.${own}`, call] as const)
      : [];
  });
}

/** What is thrown that is neither of the family nor a broken law; undefined where there is nothing of that kind. */
async function rawErrorOf(
  call: Anything,
  given: readonly unknown[],
  callsResult = false,
): Promise<string | undefined> {
  try {
    const result = await call(...given);
    if (callsResult) return await rawErrorOf(result as Anything, [3]);
    return undefined;
  } catch (error) {
    if (error instanceof BrokenLaw) return undefined; // what a check found, such as of a function that is no strategy
    if (!(error instanceof FettleError)) return String(error);
    return error.code === "internal" || /undefined \(reading|is not a function$/.test(error.message)
      ? error.message
      : undefined;
  }
}

const shown = (value: unknown): string =>
  typeof value === "function" ? "() => 1" : (JSON.stringify(value) ?? String(value));
