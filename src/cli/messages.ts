/** Errors in terms of the command line: flags instead of options, and suggestions for unknown flags. */
import type { Command, CommanderError } from "commander";
import { FettleError } from "../errors.js";
import { flagOf } from "./flags.js";

/** An error whose message must not be rewritten, since its names are not options but come from a file. */
class VerbatimError extends FettleError {}

/** Runs `work`; the message of an error that it throws is shown as it is. */
export function verbatim<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    throw new VerbatimError(error.code, error.message, { cause: error });
  }
}

/** The message of an error that the command threw, with the command's flags in place of option names. */
export function explainError(error: FettleError, command: Command | undefined): string {
  if (error instanceof VerbatimError || command === undefined) return error.message;
  // a model names an option of its training
  const training = /\btrain with (\w+): /.exec(error.message)?.slice(1) ?? [];
  return inFlags(error.message, [...command.options.map((option) => option.attributeName()), ...training]);
}

/**
 * A message of the library in terms of the command line.
 *
 * @param options - names of options in code; other names in the message stay unchanged
 * @example
 * ```ts
 * inFlags('choose missing: "drop", or leave columns out with drop: ["id"]', ["missing", "drop"]);
 * // "choose --missing drop, or leave columns out with --drop id"
 * ```
 */
export function inFlags(message: string, options: readonly string[]): string {
  let text = message.replace(/\b([a-z]\w*)\(\)/g, "$1"); // a strategy's name is not a call here
  for (const option of options) {
    const flag = flagOf(option);
    text = text
      .replace(new RegExp(`(?<!["\\w-])${option}: (${LITERAL})`, "g"), (_, literal: string) =>
        settingOf(flag, literal),
      )
      .replace(new RegExp(`(^|[:;] |\\n *)${option}(?= (?:must|is|has)\\b)`, "g"), `$1${flag}`);
    // a name in camel case is not an English word
    if (/[A-Z]/.test(option)) text = text.replace(new RegExp(`(?<!["\\w-])${option}(?!["\\w])`, "g"), flag);
  }
  return text;
}

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
/** A word, a number, a list of words, a number by name, or words or numbers by name in JSON. */
const LITERAL = String.raw`${STRING}|\d[\d.e+-]*\d|\d|\[${STRING}(?:, ?${STRING})*\]|\{ \w+: \d+ \}|\{${STRING}:(?:${STRING}|\d+)(?:,${STRING}:(?:${STRING}|\d+))*\}|true|false`;

/** A value in code as words of the command line: `["id", "last name"]` is `--drop "id,last name"`. */
function settingOf(flag: string, literal: string): string {
  if (literal.startsWith('{"')) {
    const all = Object.entries(JSON.parse(literal) as Record<string, string | number>);
    return `${flag} ${quoted(all.map(([name, word]) => `${name}=${word}`).join(","))}`;
  }
  if (literal === "true") return flag;
  if (literal === "false") return flag.replace("--", "--no-");
  if (literal.startsWith("{")) return `${flag} ${literal.match(/\d+/)?.[0]}`;
  const value = JSON.parse(literal) as string | number | string[];
  if (!Array.isArray(value)) return `${flag} ${quoted(String(value))}`;
  // a name that contains a comma needs its own flag
  const plain = value.filter((name) => !name.includes(","));
  const others = value.filter((name) => name.includes(","));
  return [...(plain.length > 0 ? [plain.join(",")] : []), ...others]
    .map((text) => `${flag} ${quoted(text)}`)
    .join(" ");
}

/** A word for a shell, in quotes if it needs them. */
export function quoted(word: string): string {
  return /^[\p{L}\p{N}_.,:/@%+=-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A path for a shell, as an argument of a command, where a word that begins with - would be a flag. */
export function quotedPath(path: string): string {
  return quoted(/^-./.test(path) ? `./${path}` : path);
}

/** The names of our flags in other tools (scikit-learn, Optuna, Keras and KerasTuner). */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "--cv": "--folds",
  "--n-jobs": "--jobs",
  "--n-trials": "--trials",
  "--max-trials": "--trials",
  "--objective": "--metric",
  "--random-state": "--seed",
  "--sampler": "--strategy",
  "--timeout": "--seconds",
  "--pruner": "--scheduler",
  "--workers": "--jobs",
};

/** The message for an invalid command line, with the nearest flag and how to get help. */
export function explainUsage(error: CommanderError, program: Command, words: readonly string[]): string {
  let [command, name]: [Command | undefined, string] = [undefined, program.name()];
  for (const word of words) {
    const next: Command | undefined = (command ?? program).commands.find((each) => each.name() === word);
    if (!next) break;
    [command, name] = [next, `${name} ${word}`];
  }
  const help = `Run ${name} --help for usage.`;
  const unknown = error.message.match(/unknown option '(--[^'=]+)/)?.[1];
  if (unknown === undefined || command === undefined) return `${error.message}\n${help}`;
  if (command.commands.length > 0) {
    const first = command.commands.map((each) => each.name()).join(", ");
    return `error: one of the commands of ${name} must come before ${unknown}: ${first}\n${help}`;
  }
  const flags = command.options.flatMap(({ long }) => long ?? []);
  const longer = flags.filter((flag) => flag.startsWith(`${unknown}-`));
  const other = flags.includes(OTHER_NAMES[unknown]) ? OTHER_NAMES[unknown] : undefined;
  const meant = longer.length === 1 ? longer[0] : other;
  if (meant === undefined) return `${error.message}\n${help}`;
  return `error: unknown option '${unknown}'\n(Did you mean ${meant}?)\n${help}`;
}
