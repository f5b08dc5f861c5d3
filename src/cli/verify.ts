/** `fettle verify`: holds Fettle to its laws on this machine and prints what held. Every figure is computed elsewhere. */
import type { Command } from "commander";
import { FettleError } from "../errors.js";
import { count } from "../report/format.js";
import { wrap } from "../report/table.js";
import { describeVerification } from "../report/verify.js";
import type { Verification, VerifyEvent } from "../testing/verify.js";
import { VERSION } from "../version.js";
import { EXIT } from "./exit.js";
import { takeInterrupts } from "./interrupt.js";
import { names, wholeNumber } from "./options.js";
import { createBar } from "./progress.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";

/** What commander hands over. */
interface Options {
  readonly only?: readonly string[];
  readonly cases: number;
  readonly seed: number;
  readonly json?: true;
}

/** Adds the command; `done` is told the exit code. */
export function addVerifyCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command("verify")
    .summary("hold the math to its laws on this machine")
    .description(
      "Holds operations, gradients, optimizers, strategies, schedulers, executors and whole tunings to the laws of " +
        "fettle/testing, with random cases, and prints what held. It needs the package fast-check.",
    )
    .option(
      "--only <groups>",
      "of operations, gradients, optimizers, strategies, schedulers, executors, reproducibility (default: all)",
      names,
    )
    .option("--cases <n>", "random cases of each law; of tunings a quarter as many", wholeNumber(1), 20)
    .option("--seed <n>", "decides the cases", wholeNumber(0), 0)
    .option("--json", "print one JSON object and nothing else")
    .addHelpText("after", EXAMPLES)
    .action(async (options: Options) => done(await run(options)));
}

const EXAMPLES = `
Examples:
  fettle verify
  fettle verify --only executors,reproducibility --cases 200 --seed 7`;

/** @returns the exit code */
async function run({ only, cases, seed, json }: Options): Promise<number> {
  const { verify } = await loadLaws();
  const started = performance.now();
  const bar = createBar(process.stderr, "laws");
  const interrupt = takeInterrupts(
    () => {
      bar.stop();
      note("Stopping once the law at work has been tried; press Ctrl-C again to end at once.");
    },
    () => bar.stop(),
  );
  const onEvent = (event: VerifyEvent): void => {
    if (json) return;
    if (event.type === "checkEnded") bar.step(null);
    if (event.type !== "verifyStarted") return;
    const about = `fettle ${VERSION} on ${host()}; ${count(cases, "case")} of each law, seed ${seed}`;
    printLines(wrap(about, widthOf(process.stdout)));
    bar.start(event.checks, 0);
  };
  try {
    const verification = await verify({
      ...{ cases, seed, onEvent, signal: interrupt.signal },
      ...(only && { only }),
    });
    bar.stop();
    const seconds = (performance.now() - started) / 1000;
    if (json) printLines([JSON.stringify({ version: VERSION, host: host(), ...verification })]);
    else
      printLines(
        describeVerification({ verification, seconds }, widthOf(process.stdout), paintFor(process.stdout)),
      );
    return exitCodeOf(verification);
  } finally {
    bar.stop();
    interrupt.release();
  }
}

function exitCodeOf({ groups, complete }: Verification): number {
  if (groups.some(({ broken }) => broken.length > 0)) return EXIT.failure;
  return complete ? EXIT.success : EXIT.interrupted;
}

/** What runs this, as `Node 22.1.0, linux x64`. */
function host(): string {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
  return `${runtime}, ${process.platform} ${process.arch}`;
}

/**
 * The laws, loaded here and not before, since they need a package that others do without.
 *
 * @throws FettleError `not_found` where it is not installed
 */
async function loadLaws(): Promise<typeof import("../testing/index.js")> {
  try {
    return await import("../testing/index.js");
  } catch (cause) {
    if (!/fast-check/.test((cause as Error).message)) throw cause;
    throw new FettleError(
      "not_found",
      "fettle verify needs the package fast-check, which is not installed beside fettle: npm install --save-dev fast-check@4",
      { cause },
    );
  }
}
