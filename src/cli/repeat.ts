/** The command that repeats a search which its time ended. */
import { quoted } from "./explain.js";

/** Flags that are left out, and whether a value follows: what ended the search, and where its files are. */
const LEFT_OUT: Readonly<Record<string, boolean>> = {
  "--seconds": true,
  "--trials": true,
  "--out": true,
  "--overwrite": false,
};

/**
 * @param words - those of the command line after the program's own name
 * @example
 * ```ts
 * repeated(["tune", "a b.csv", "--seconds=60", "--seed", "1"], 57); // "npx fettle tune 'a b.csv' --seed 1 --trials 57"
 * ```
 */
export function repeated(words: readonly string[], trials: number): string {
  const kept = words.filter((word, i) => {
    const isValue = LEFT_OUT[words[i - 1]] === true;
    return !isValue && !Object.hasOwn(LEFT_OUT, word.replace(/=.*/s, ""));
  });
  return ["npx fettle", ...kept.map(quoted), `--trials ${trials}`].join(" ");
}
