/**
 * Flags. A flag is declared once, as a row of a table: its key is the name of the option in code, so
 * `--test-size` is `testSize`. Readers turn words into numbers and lists; the library checks the values.
 */
import { type Command, Option } from "commander";
import type { TableLimits } from "../data/limits.js";
import type { ClassWeight } from "../data/weights.js";
import { must, mustBeInteger } from "../errors.js";
import { checkEpochs } from "../nn/arguments/epochs.js";
import { jobCount as jobsRule } from "../rules.js";
import type { Params } from "../search/space/space.js";
import type { ParamValue } from "../search/space/value.js";
import type { ErrorCosts } from "../tune/trial/cost.js";

/** A flag whose values are `T`. */
export interface Flag<T> {
  /** What follows it, such as `<n>`; nothing follows a switch. */
  readonly value?: string;
  /** Its line of `--help`; without it, there is only `--no-…`. */
  readonly help?: string;
  /** The line of `--no-…`, the flag that turns it off. */
  readonly off?: string;
  readonly read?: ((...words: Parameters<Reader<never>>) => unknown) | undefined;
  /** Its default. */
  readonly initial?: T | undefined;
  readonly required?: true;
  readonly choices?: readonly string[];
  /** The names of flags that must be left out with it. */
  readonly conflicts?: readonly string[];
  /** Its heading in `--help`; that of the row before it if it has none. */
  readonly group?: string;
}

/** A flag that always has a value. */
type Given<T> = Flag<T> & { readonly initial: T };

/** @param earlier - the value of earlier uses of the flag, or its default */
type Reader<T> = (flag: string, word: string, earlier: T | undefined) => T;

export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** The values that commander makes of the flags of a table. */
export type FlagsOf<Table> = {
  readonly [Name in keyof Table as Table[Name] extends Always ? Name : never]: ValueOf<Table[Name]>;
} & {
  readonly [Name in keyof Table as Table[Name] extends Always ? never : Name]?: ValueOf<Table[Name]>;
};
type Always = { readonly initial: unknown } | { readonly required: true };
type ValueOf<Row> = Row extends Flag<infer T> ? T : never;

/** Adds the flags of a table to a command. */
export function addFlags(command: Command, table: FlagTable): Command {
  for (const [name, flag] of Object.entries(table)) {
    const { value, help, off, read, initial, required = false, choices, conflicts = [], group } = flag;
    const long = flagOf(name);
    if (group !== undefined) command.optionsGroup(group);
    if (help !== undefined) {
      const option = new Option(value === undefined ? long : `${long} ${value}`, help)
        .default(initial)
        .makeOptionMandatory(required)
        .conflicts([...conflicts]);
      if (read) option.argParser((text, earlier) => read(long, text, earlier as undefined));
      command.addOption(choices ? option.choices(choices) : option);
    }
    if (off !== undefined) command.addOption(new Option(offFlagOf(name), off));
  }
  return command;
}

/** The rows under a heading of `--help`. */
export function grouped<Table extends FlagTable>(group: string, table: Table): Table {
  return Object.fromEntries(Object.entries(table).map(([name, flag]) => [name, { ...flag, group }])) as Table;
}

export function namesOf<Table extends FlagTable>(table: Table): readonly (keyof Table & string)[] {
  return Object.keys(table);
}

/** The flag of an option: `--test-size` for `testSize`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The flag that turns an option off: `--no-shuffle` for `shuffle`. */
export function offFlagOf(option: string): string {
  return flagOf(option).replace("--", "--no-");
}

/** The flags except some. */
export function without<Flags extends object, Name extends keyof Flags>(
  flags: Flags,
  names: readonly Name[],
): Omit<Flags, Name> {
  const kept = Object.entries(flags).filter(([name]) => !names.includes(name as Name));
  return Object.fromEntries(kept) as Omit<Flags, Name>;
}

/** A switch. @param conflicts - the names of flags that must be left out with it */
export function turnOn(help: string, conflicts: readonly string[] = []): Flag<true> {
  return { help, conflicts };
}

/** A switch that is on unless `--no-…` turns it off. @param off - the line of that flag */
export function turnOff(off: string): Given<boolean> {
  return { off, initial: true };
}

/** A switch with a flag for each way, and no default. */
export function turn(help: string, off: string): Flag<boolean> {
  return { help, off };
}

/** The same flag, which must be given. */
export function required<T>(flag: Flag<T>): Flag<T> & { readonly required: true } {
  return { ...flag, required: true };
}

/** Makes flags whose words are read alike. Their values are `T`, or of the type that a caller names. */
interface Kind<T> {
  <Own = T>(value: string, help: string): Flag<NoInfer<Own>>;
  <Own = T>(value: string, help: string, initial: NoInfer<Own>): Given<NoInfer<Own>>;
}

function taking<T>(read?: Reader<T>): Kind<T> {
  return <Own>(value: string, help: string, initial?: Own) => ({ value, help, read, initial }) as Given<Own>;
}

/** A word as it is typed. */
export const text = taking<string>();

/** An integer of at least `least`. */
export const integer = (least: number): Kind<number> =>
  taking<number>((flag, word) => readInteger(flag, word, least));

/** A number of jobs of at least `least`, or -1 for all processors. */
export const jobCount = (least: number): Kind<number> =>
  taking<number>((flag, word) => {
    const value = integerOr(word);
    jobsRule(least)(flag, value);
    return value as number;
  });

/** The integer that a word is, or the word. */
const integerOr = (word: string): number | string => (/^[+-]?\d+$/.test(word) ? Number(word) : word);

function readInteger(flag: string, word: string, least: number): number {
  const value: unknown = integerOr(word);
  mustBeInteger(flag, value, least);
  return value;
}

export const epochs = taking<number>((flag, word) => {
  const count = readInteger(flag, word, 1);
  checkEpochs(flag, count);
  return count;
});

/** A finite number. */
export const number = taking<number>((flag, word) => {
  const value = numberOf(word);
  must(Number.isFinite(value), flag, "a finite number", word);
  return value;
});

/** A number of at least 0 and below 1. */
export const share = taking<number>((flag, word) => {
  const value = numberOf(word);
  must(value >= 0 && value < 1, flag, "a number of at least 0 and below 1", word);
  return value;
});

/** A finite number above 0. */
export const positiveNumber = taking<number>((flag, word) => {
  const value = numberOf(word);
  must(value > 0 && Number.isFinite(value), flag, "a positive number", word);
  return value;
});

/** Names separated by commas, appended to those of earlier uses of the flag. */
export const names = taking<readonly string[]>((flag, word, earlier = []) => {
  const given = splitNames(word);
  must(given.length > 0, flag, "one or more names, separated by commas", word);
  return [...earlier, ...given];
});

/** The names in a text, separated by commas. */
export function splitNames(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** The text of each use of the flag. */
export const texts = taking<readonly string[]>((_, word, earlier = []) => [...earlier, word]);

type Settings = Readonly<Record<string, ParamValue>>;

/** `name=value`, added to those of earlier uses of the flag. Values are JSON; anything else is a word. */
export const setting = taking<Settings>(readSetting);

function readSetting(flag: string, text: string, earlier: Settings = {}): Settings {
  const at = text.indexOf("=");
  must(at > 0, flag, "a name and a value, such as units=64", text);
  const word = text.slice(at + 1);
  let value: ParamValue = word;
  try {
    value = JSON.parse(word) as ParamValue;
  } catch {
    // a word
  }
  return { ...earlier, [text.slice(0, at)]: value };
}

/** A decimal mark, or `column=mark`, which is added to those of earlier uses of the flag. */
export const decimalMark = taking<string | Readonly<Record<string, string>>>((_, word, earlier) => {
  const at = word.lastIndexOf("=");
  if (at <= 0) return word;
  return { ...(typeof earlier === "object" && earlier), [word.slice(0, at)]: word.slice(at + 1) };
});

/** Class weights: `balanced`, or `class=number`, which is added to those of earlier uses of the flag. */
export const classWeight = taking<ClassWeight>((flag, word, earlier) => {
  if (word === "balanced") return word;
  const before = earlier === "balanced" ? undefined : (earlier as Settings | undefined);
  return readSetting(flag, word, before) as Readonly<Record<string, number>>;
});

/** `missed=100,false=5`; the library checks the costs. */
export const costs = taking<ErrorCosts>((flag, word, earlier) => {
  const before: Settings = { ...earlier };
  return splitNames(word).reduce(
    (all, each) => readSetting(flag, each, all),
    before,
  ) as unknown as ErrorCosts;
});

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

/** Flags that several commands share. */
export const SEED = integer(0)("<n>", "random seed", 0);
export const JSON_ONLY = turnOn("print only a JSON object");
export const ENCODING = text(
  "<name>",
  "encoding of the text, such as windows-1252 (default: utf-8, or utf-16 if it is)",
);
export const LIMITS = setting<TableLimits>(
  "<name=number>",
  "the most rows, columns, cells, cellLength or length (in characters) of a table; may be repeated",
);
/** `--set` of a network. @param names - of the parameters that it may set */
export const settingOf = (names: readonly string[]): Flag<Params> =>
  setting("<name=value>", `set a parameter of the network, once for each: ${names.join(", ")}`);
export const OVERWRITE = turnOn("replace the study in the folder of --out");
export const STUDY_IN_STORAGE = text("<name>", "the name of the study in --storage");
export const PORT = integer(0)("<n>", "the port to listen on; 0 for any free port", 8080);
