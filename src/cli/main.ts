/**
 * The command line: parses arguments, calls the library, prints. It never computes.
 * Results go to standard output, everything else to standard error.
 */
import { Command, CommanderError } from "commander";
import { FettleError, isA, messageOf } from "../errors.js";
import { wrap } from "../report/layout.js";
import { VERSION } from "../version.js";
import { addBenchmarkCommand } from "./benchmark.js";
import { addDashboardCommand } from "./dashboard.js";
import { addEvaluateCommand } from "./evaluate.js";
import { EXIT, MEANINGS } from "./exit.js";
import { explainError, explainUsage } from "./explain.js";
import { addExportCommand } from "./export.js";
import { WriteError } from "./fileErrors.js";
import { addFitCommand } from "./fit.js";
import { addInspectCommand } from "./inspect.js";
import { addLrFindCommand } from "./lrFind.js";
import { addOptimizeCommand } from "./optimize/optimize.js";
import { addPredictCommand } from "./predict.js";
import { addReportCommand } from "./report.js";
import { addServeCommand } from "./serve.js";
import { coloursFor, endWithReaders, note, widthOf } from "./streams.js";
import { addStudiesCommand } from "./studies.js";
import { addTuneCommand } from "./tune.js";
import { addVerifyCommand } from "./verify.js";
import { addWorkerCommand } from "./worker.js";

/** Adds a command to the program; it calls `done` with the exit code. */
type AddCommand = (program: Command, done: (exitCode: number) => void) => void;

/** The commands, in the order of `--help`. */
const COMMANDS: readonly AddCommand[] = [
  addTuneCommand,
  addWorkerCommand,
  addOptimizeCommand,
  addFitCommand,
  addPredictCommand,
  addEvaluateCommand,
  addExportCommand,
  addInspectCommand,
  addLrFindCommand,
  addReportCommand,
  addBenchmarkCommand,
  addStudiesCommand,
  addServeCommand,
  addDashboardCommand,
  addVerifyCommand,
];

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
  const program = createProgram((code) => {
    exitCode = code;
  });
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

/** The commands and their options. `done` receives the exit code of the command that runs. */
export function createProgram(done: (exitCode: number) => void): Command {
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
  for (const add of COMMANDS) add(program, done);
  for (const command of program.commands) command.helpOption("-h, --help", "print help");
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
