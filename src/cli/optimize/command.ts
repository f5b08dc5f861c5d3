/**
 * The command line of a trial: a program and its arguments, with placeholders for parameters. It is a list of
 * words that no shell reads, so a value is only ever a part of its own word. This file starts no program.
 */
import { check, show } from "../../errors.js";
import type { Params, Space } from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";
import { quoted } from "../messages.js";

/** What a placeholder may name, in addition to parameters. */
export const PLACES = {
  /** The path of a file with the parameters as a JSON object. */
  params: "a file with the parameters",
  /** The folder of the trial. */
  folder: "the folder of the trial",
  /** The number of the trial. */
  trial: "the number of the trial",
} as const;

/** The values of the placeholders of {@link PLACES} in one trial. */
export type Places = Readonly<Record<keyof typeof PLACES, string>>;

/** A piece of a word: text, or the name that a placeholder has. */
type Piece = string | { readonly name: string };

/** See the head of this file. */
export interface ProgramCommand {
  /** The words of a trial, without those of parameters that it does not have. */
  wordsOf(params: Params, places: Places): [program: string, ...words: string[]];
  /** Environment variables with the parameters; empty unless requested. */
  variablesOf(params: Params): Readonly<Record<string, string>>;
  /** The program, if it is the same for each trial. */
  readonly program: string | undefined;
  /** Whether it names a file or folder of the trial. */
  readonly usesFolder: boolean;
}

/**
 * Reads the words of a command.
 *
 * @param words - the program first; `{name}` stands for the value of a parameter, `{{` for a brace
 * @param inVariables - whether the environment has the parameters too
 * @throws FettleError `invalid_argument` for a placeholder without a parameter, for a parameter that the
 * program does not receive, and for names that cannot be distinguished
 * @example
 * ```ts
 * const command = readCommand(["train", "--lr={lr}"], { lr: float(0, 1) }, false);
 * command.wordsOf({ lr: 0.5 }, { params: "p.json", folder: ".", trial: "0" }); // ["train", "--lr=0.5"]
 * ```
 */
export function readCommand(words: readonly string[], space: Space, inVariables: boolean): ProgramCommand {
  const names = Object.keys(space);
  for (const name of names)
    check(
      !Object.hasOwn(PLACES, name),
      () => `a parameter must not be called ${show(name)}: {${name}} is ${PLACES[name as keyof Places]}`,
    );
  const pieces = words.map((word) => piecesOf(word, names));
  const used = pieces.map((word) => new Set(word.flatMap((piece) => (isName(piece) ? [piece.name] : []))));
  checkOptions(words, pieces, space);
  const all = new Set(used.flatMap((word) => [...word]));
  const missing = names.filter((name) => !all.has(name));
  if (!all.has("params") && !inVariables) checkPassed(missing);
  if (inVariables) checkVariables(names);
  return {
    wordsOf(params, places) {
      const values: Readonly<Record<string, ParamValue>> = { ...params, ...places };
      return pieces.flatMap((word, i) => {
        if ([...used[i]].some((name) => !Object.hasOwn(values, name))) return [];
        return [word.map((piece) => (isName(piece) ? textOf(values[piece.name]) : piece)).join("")];
      }) as [string, ...string[]];
    },
    variablesOf: (params) =>
      inVariables
        ? {
            ...Object.fromEntries(
              Object.entries(params).map(([name, value]) => [variableOf(name), textOf(value)]),
            ),
            [ALL]: JSON.stringify(params),
          }
        : {},
    program: used[0].size === 0 ? pieces[0].join("") : undefined,
    usesFolder: all.has("params") || all.has("folder"),
  };
}

/** The command as a person would type it. */
export function shellLine(words: readonly string[], variables: Readonly<Record<string, string>>): string {
  const set = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...set, ...words.map(quoted)].join(" ");
}

/** The variable of a parameter: `FETTLE_LEARNING_RATE` for `learningRate`. */
export function variableOf(name: string): string {
  const words = name.replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1_$2").replace(/[^A-Za-z0-9]+/g, "_");
  return `FETTLE_${words.toUpperCase()}`;
}

/** The variable with all parameters, as JSON. */
const ALL = "FETTLE_PARAMS";
/** Environment variables of every trial. */
export const variablesOfPlaces = ({ folder, trial }: Places): Readonly<Record<string, string>> => ({
  FETTLE_FOLDER: folder,
  FETTLE_TRIAL: trial,
});

const isName = (piece: Piece): piece is { readonly name: string } => typeof piece !== "string";

/** A value as a part of a word: as JSON, but strings without quotes. */
const textOf = (value: ParamValue): string => (typeof value === "string" ? value : JSON.stringify(value));

function piecesOf(word: string, names: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: match, 1: name, index } of word.matchAll(/\{\{|\{([^{}]*)\}|\{/g)) {
    pieces.push(word.slice(end, index));
    end = index + match.length;
    if (match === "{{") {
      pieces.push("{");
      continue;
    }
    check(
      name !== undefined && (names.includes(name) || Object.hasOwn(PLACES, name)),
      () =>
        `a placeholder must be a parameter of the space (${names.map((each) => `{${each}}`).join(", ")}), or {params}, {folder} or ` +
        `{trial}; received ${show(match)} in ${show(word)}; write {{ for a brace`,
    );
    pieces.push({ name });
  }
  return [...pieces, word.slice(end)].filter((piece) => piece !== "");
}

/** Refuses `--name {name}` of a parameter that some trials do not have: the option would lose its value. */
function checkOptions(words: readonly string[], pieces: readonly (readonly Piece[])[], space: Space): void {
  for (const [i, word] of pieces.entries()) {
    const [piece] = word;
    const before = words[i - 1] ?? "";
    if (word.length !== 1 || !isName(piece) || !Object.hasOwn(space, piece.name)) continue;
    check(
      space[piece.name].when === undefined || !/^-[^=]*$/.test(before),
      () =>
        `${show(piece.name)} is not in every trial, so ${before} could lose its value; write ${before}={${piece.name}} in ` +
        "one word, which is left out with it, or pass {params}",
    );
  }
}

function checkPassed(missing: readonly string[]): void {
  check(
    missing.length === 0,
    () =>
      `each parameter must reach the program, and ${missing.map((name) => show(name)).join(" and ")} ${missing.length === 1 ? "does" : "do"} not: write ` +
      `${missing.map((name) => `{${name}}`).join(" and ")} into the command, or {params} for the path of a JSON file, or add --env for ` +
      `${missing.map(variableOf).join(" and ")} in its environment`,
  );
}

function checkVariables(names: readonly string[]): void {
  const taken = new Map<string, string>();
  for (const name of names) {
    const variable = variableOf(name);
    const other = taken.get(variable);
    check(
      other === undefined,
      () => `with --env, ${show(other)} and ${show(name)} are both ${variable}; rename one of them`,
    );
    taken.set(variable, name);
  }
}
