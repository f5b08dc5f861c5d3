/** The command that reproduces a study exactly, if there is one. */
import type { Space } from "../search/space/space.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { flagOf, namesOf, offFlagOf } from "./flags.js";
import { quoted, quotedPath } from "./messages.js";
import { type Networks, networksOf } from "./studyFolder.js";
import { OF_A_RUN, TUNE } from "./tuneFlags.js";

/** The flags that a command needs to end where another ran out of time. */
export interface Repeat extends Networks {
  /** Of the search. */
  readonly trials: number;
  /** Rows that trials used, if not all. */
  readonly searchRows?: number;
}

/**
 * The flags that reproduce an ended search exactly; undefined if that is impossible: a clock cut a training
 * short or left time for an untuned model only, or a person chose points while it ran.
 */
export function repeatOf(
  { trials, study, shortened, ...made }: TuneResult<Space>,
  searchRows: number | undefined,
): Repeat | undefined {
  const { networks, ensemble } = made;
  // `--ensemble 1` is the network of the best trial, never an untuned model
  const isUntuned = networks === 1 && ensemble !== undefined;
  const isCut =
    isUntuned || shortened !== undefined || trials.some(({ attributes }) => attributes?.cut === true);
  if (isCut || study.toJSON().trials.some(({ given }) => given)) return undefined;
  return {
    trials: trials.length,
    ...networksOf(made),
    ...(searchRows !== undefined && { searchRows }),
  };
}

/** Flags to leave out, and whether a value follows. */
const LEFT_OUT: Readonly<Record<string, boolean>> = Object.fromEntries(
  Object.entries(OF_A_RUN).map(([option, { value }]) => [flagOf(option), value !== undefined]),
);

/**
 * @param words - of the command line, after the program's name
 * @example
 * ```ts
 * repeated(["tune", "a b.csv", "--seconds=60", "--seed", "1"], { trials: 57 }); // "npx fettle tune 'a b.csv' --seed 1 --trials 57"
 * ```
 */
export function repeated(words: readonly string[], repeat: Repeat): string {
  const said = Object.entries(repeat).map(([option, value]) => [flagOf(option), `${value}`]);
  const leftOut = { ...LEFT_OUT, ...Object.fromEntries(said.map(([flag]) => [flag, true])) };
  const kept = words.filter((word, i) => {
    const isValue = leftOut[words[i - 1]] === true;
    return !isValue && !Object.hasOwn(leftOut, word.replace(/=.*/s, ""));
  });
  return ["npx fettle", ...kept.map(quoted), ...said.flat()].join(" ");
}

/** Switches that are on by default. */
const ON: readonly string[] = namesOf(TUNE).filter((name) => TUNE[name].initial === true);
/** Options whose values, by name, are typed `name=value`. */
const BY_NAME = ["decimal", "as", "limits", "classWeight", "cost", "set"];

/**
 * A command made from the flags that a study keeps. `<file>` stands for the contents of a file.
 *
 * @param given - its arguments
 * @param program - what follows `--`
 */
export function commandLine(
  name: string,
  given: readonly string[],
  flags: Readonly<Record<string, unknown>>,
  program: readonly string[] = [],
): string {
  const typed = Object.entries(flags).flatMap(([option, value]): string[] => {
    const flag = flagOf(option);
    if (value === undefined || value === null) return [];
    if (value === true) return ON.includes(option) ? [] : [flag];
    if (value === false) return [offFlagOf(option)];
    if (Array.isArray(value) && value.every((each) => typeof each === "string"))
      return partsOf(value).map((part) => setting(flag, part));
    if (typeof value !== "object") return [setting(flag, String(value))];
    if (!BY_NAME.includes(option)) return [`${flag} ${FILE}`];
    return Object.entries(value).map(([key, each]) => setting(flag, `${key}=${String(each)}`));
  });
  const end = program.length > 0 ? ["--", ...program.map(quoted)] : [];
  return ["npx fettle", name, ...given.map(quotedPath), ...typed, ...end].join(" ");
}

/** Stands for a file of which only the contents are known. */
export const FILE = "<file>";

/** A flag with its value, which may look like another flag. */
const setting = (flag: string, value: string): string =>
  value.startsWith("-") ? `${flag}=${quoted(value)}` : `${flag} ${quoted(value)}`;

/** Names joined in one text, except those that contain a comma. */
function partsOf(names: readonly string[]): string[] {
  const plain = names.filter((name) => !name.includes(","));
  return [...(plain.length > 0 ? [plain.join(",")] : []), ...names.filter((name) => name.includes(","))];
}
