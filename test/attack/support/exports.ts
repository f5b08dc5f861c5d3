/** Every function that the package exports, by entry, and the names of the options that each takes. */
import { readFileSync } from "node:fs";

export type Anything = (...given: readonly unknown[]) => unknown;

const root = new URL("../../../", import.meta.url);
const { compilerOptions } = JSON.parse(readFileSync(new URL("tsconfig.json", root), "utf8")) as {
  readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly [string]>> };
};
/** `fettle/cloudflare` is imported in Workers alone. */
export const entries = Object.entries(compilerOptions.paths).filter(
  ([name]) => name.startsWith("fettle") && name !== "fettle/cloudflare",
);

/** Functions that do long work without arguments. */
const LONG = ["verify"];

type Module = Readonly<Record<string, unknown>>;

export const importOf = async (path: string): Promise<Module> =>
  (await import(new URL(path, root).href)) as Module;

export function functionsOf(module: Module): readonly (readonly [string, Anything])[] {
  return Object.entries(module).flatMap(([name, value]) => {
    if (typeof value === "function")
      return /^class\b/.test(String(value)) || LONG.includes(name)
        ? []
        : [[name, value as Anything] as const];
    return Object.prototype.toString.call(value) === "[object Module]"
      ? functionsOf(value as Module).map(([own, call]) => [`${name}.${own}`, call] as const)
      : [];
  });
}

export const isOptions = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** How parameters of a space and predictors list the names of their options. */
const NAMED = /must be among (.*); received "notAnOption"|^the options of \w+ must be \{ (.*) \}/;

/** The names of options that a function takes, as it lists them where one is unknown. */
export async function optionsOf(
  call: Anything,
  before: readonly unknown[],
  own: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  try {
    await call(...before, { ...own, notAnOption: 1 });
  } catch (error) {
    const { message } = error as Error;
    const known = /^unknown option of .* Known: (.*)\.$/.exec(message) ?? NAMED.exec(message);
    if (known) return (known[1] ?? known[2]).split(", ");
  }
  return Object.keys(own);
}
