/**
 * The command line: parses arguments, calls the library, prints. It never computes.
 * Results go to standard output, everything else to standard error.
 */
import { Command, CommanderError } from "commander";
import { FettleError, isA, messageOf } from "../errors.js";
import { wrap } from "../report/layout.js";
import { VERSION } from "../version.js";
import type { Define } from "./command.js";
import { EXIT, MEANINGS } from "./exit.js";
import { WriteError } from "./fileErrors.js";
import { explainError, explainUsage } from "./messages.js";
import { coloursFor, endWithReaders, note, widthOf } from "./streams.js";

type Entry = readonly [summary: string, load: () => Promise<{ readonly define: Define }>];

/** The commands, in the order of `--help`. A command is loaded when it is named. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  tune: ["tune a dense network on a table", () => import("./tune.js")],
  worker: ["run trainings of a study in another process", () => import("./worker.js")],
  optimize: ["tune the parameters of any program", () => import("./optimize/optimize.js")],
  fit: ["train a dense network with given hyperparameters on a table", () => import("./fit.js")],
  predict: ["predict the rows of a table with a saved model", () => import("./predict.js")],
  evaluate: ["score a saved model on a table", () => import("./evaluate.js")],
  explain: ["show which columns decide a model's answers, and why", () => import("./explain.js")],
  export: ["write a saved model in another format", () => import("./export.js")],
  inspect: ["show how a table is read", () => import("./inspect.js")],
  "lr-find": ["find learning rates worth tuning on a table", () => import("./lrFind.js")],
  report: ["write the report of a study as one HTML file", () => import("./report.js")],
  benchmark: ["compare optimizers on standard problems", () => import("./benchmark.js")],
  studies: ["show the studies of a storage", () => import("./studies.js")],
  serve: ["hand trials to programs over HTTP, in any language", () => import("./serve.js")],
  dashboard: ["show studies in a browser while they run", () => import("./dashboard.js")],
  verify: ["check the laws of the math on this machine", () => import("./verify.js")],
};

const HELP = `
Run fettle <command> --help for the options of a command.

Exit codes:
${exitCodes()}

Examples:
  fettle tune examples/data/breast-cancer.csv --target diagnosis
  fettle tune --help`;

/** The table of exit codes, in lines of at most 80 characters. */
function exitCodes(): string {
  return MEANINGS.map(([code, meaning]) =>
    wrap(meaning, 72)
      .join(`\n${" ".repeat(7)}`)
      .replace(/^/, `  ${String(code).padEnd(5)}`),
  ).join("\n");
}

/**
 * Runs a command.
 *
 * @param words - the command line after the program's own name
 * @returns the exit code, see `EXIT`
 */
export async function main(words: readonly string[]): Promise<number> {
  endWithReaders();
  let exitCode: number = EXIT.success;
  let running: Command | undefined;
  const program = await createProgram((code) => {
    exitCode = code;
  }, words);
  program.hook("preAction", (_, command) => {
    running = command;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, running);
    // help and the version have been printed by now
    if (error.exitCode === 0) return EXIT.success;
    if (error.code !== "commander.help") complain(explainUsage(error, program, words));
    return EXIT.badInput;
  }
}

/**
 * The commands and their options.
 *
 * @param done - receives the exit code of the command that runs
 * @param words - of the command line; the commands among them are loaded. Default all
 */
export async function createProgram(
  done: (exitCode: number) => void,
  words: readonly string[] = Object.keys(COMMANDS),
): Promise<Command> {
  const program = new Command("fettle")
    .description("Tune small neural networks, and anything else with parameters.")
    .usage("<command> [options]")
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print the help of a command")
    .exitOverride()
    .configureOutput({ outputError: () => {}, getOutHelpWidth: () => widthOf(process.stdout) })
    .configureHelp({ subcommandTerm: (command) => command.name(), minWidthToWrap: 10 })
    .addHelpText("after", HELP);
  for (const [name, [summary, load]] of Object.entries(COMMANDS)) {
    const command = program.command(name).summary(summary);
    if (words.includes(name)) (await load()).define(command, done);
    command.helpOption("-h, --help", "print help"); // the last, so that it is in the last group of options
  }
  return program;
}

/** Prints an error that the command threw, and returns the exit code. */
function report(error: unknown, command: Command | undefined): number {
  if (!isA(error, FettleError) || error.code === "internal") {
    const details = isA(error, Error) && typeof error.stack === "string" ? error.stack : messageOf(error);
    complain(`error: internal error, please report it: ${details}`);
    return EXIT.failure;
  }
  complain(`error: ${explainError(error, command)}`);
  const failed = error instanceof WriteError || ["trial_failed", "store_failed"].includes(error.code);
  return failed ? EXIT.failure : EXIT.badInput;
}

function complain(text: string): void {
  note(coloursFor(process.stderr).red(text));
}
