/** The command that repeats a search which its time ended. */
import { quoted } from "./explain.js";

/** Flags that are left out, and whether a value follows: what ended the search, and where its files are. */
const LEFT_OUT: Readonly<Record<string, boolean>> = {
  "--seconds": true,
  "--trials": true,
  "--out": true,
  "--overwrite": false,
  "--search-rows": true,
};

/**
 * @param words - those of the command line after the program's own name
 * @param networks - of the final model, where there was no time for as many as the command says
 * @param searchRows - those that trials used, where not all
 * @example
 * ```ts
 * repeated(["tune", "a b.csv", "--seconds=60", "--seed", "1"], 57); // "npx fettle tune 'a b.csv' --seed 1 --trials 57"
 * ```
 */
export function repeated(
  words: readonly string[],
  trials: number,
  networks?: number,
  searchRows?: number,
): string {
  const leftOut: Readonly<Record<string, boolean>> = {
    ...LEFT_OUT,
    ...(networks !== undefined && { "--ensemble": true }),
  };
  const kept = words.filter((word, i) => {
    const isValue = leftOut[words[i - 1]] === true;
    return !isValue && !Object.hasOwn(leftOut, word.replace(/=.*/s, ""));
  });
  const ensemble = networks === undefined ? [] : [`--ensemble ${networks}`];
  const rows = searchRows === undefined ? [] : [`--search-rows ${searchRows}`];
  return ["npx fettle", ...kept.map(quoted), `--trials ${trials}`, ...ensemble, ...rows].join(" ");
}
