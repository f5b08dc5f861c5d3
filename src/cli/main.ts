/**
 * The command line: parses words, calls the library, prints. It never computes.
 * Results go to standard output, everything else to standard error.
 */
import { Command, CommanderError } from "commander";
import { FettleError } from "../errors.js";
import { VERSION } from "../version.js";
import { addBenchmarkCommand } from "./benchmark.js";
import { EXIT } from "./exit.js";
import { addLrFindCommand } from "./lrFind.js";
import { coloursFor, endWithReaders, note } from "./streams.js";
import { addTuneCommand } from "./tune.js";
import { addVerifyCommand } from "./verify.js";

/**
 * Runs a command.
 *
 * @param words - the command line after the program's own name
 * @returns the exit code, see `EXIT`
 */
export async function main(words: readonly string[]): Promise<number> {
  endWithReaders();
  let exitCode: number = EXIT.success;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message, or the help or version that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.success : EXIT.badInput;
    return explain(error);
  }
}

function createProgram(done: (exitCode: number) => void): Command {
  const { red } = coloursFor(process.stderr);
  const program = new Command("fettle")
    .description("Tunes small neural networks.")
    .version(VERSION, "-v, --version")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(red(text)) })
    .addHelpText(
      "after",
      `
Exit codes:
  0    success
  1    nothing was found (no trial gave a value, no rate lowered the loss), a
       law was broken, or Fettle itself failed
  2    the command line, the data or the space was refused; nothing was run
  130  ended by Ctrl-C; what was found so far is printed, or kept

Example:
  fettle tune examples/data/breast-cancer.csv --target diagnosis`,
    );
  addTuneCommand(program, done);
  addLrFindCommand(program, done);
  addBenchmarkCommand(program, done);
  addVerifyCommand(program, done);
  return program;
}

function explain(error: unknown): number {
  const { red } = coloursFor(process.stderr);
  if (error instanceof FettleError && error.code !== "internal") {
    note(red(`error: ${error.message}`));
    return EXIT.badInput;
  }
  note(
    red(
      `error: Fettle failed where it should not; please report this: ${error instanceof Error ? error.stack : error}`,
    ),
  );
  return EXIT.failure;
}
