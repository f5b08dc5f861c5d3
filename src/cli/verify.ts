/**
 * `fettle verify`: checks the laws of the math on this machine and prints which hold. It computes no figure
 * itself.
 */
import type { Command } from "commander";
import { check, FettleError, messageOf } from "../errors.js";
import { count } from "../report/format.js";
import { wrap } from "../report/layout.js";
import { describeVerification } from "../report/verify.js";
import type { Verification, VerifyEvent, VerifyGroup } from "../testing/verify.js";
import { VERSION } from "../version.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit.js";
import { type FlagsOf, integer, JSON_ONLY, names } from "./flags.js";
import { takeInterrupts } from "./interrupt.js";
import { quotedPath } from "./messages.js";
import { createBar } from "./progress.js";
import { mustBeLeftOut } from "./resume.js";
import { paintFor, printLines, widthOf } from "./streams.js";
import { verifyModel } from "./verifyModel.js";

/**
 * The groups of laws. They are listed here, since loading them takes a package that other commands do not
 * need.
 */
const GROUPS: Readonly<Record<VerifyGroup, true>> = {
  operations: true,
  gradients: true,
  optimizers: true,
  strategies: true,
  schedulers: true,
  executors: true,
  reproducibility: true,
};

const VERIFY = {
  only: names("<groups>", `groups to check: ${Object.keys(GROUPS).join(", ")} (default: all)`),
  cases: integer(1)("<n>", "random cases of each law; a quarter as many for complete studies", 20),
  seed: integer(0)("<n>", "seed of the cases", 0),
  json: JSON_ONLY,
};
type VerifyFlags = FlagsOf<typeof VERIFY>;

export const define = defineCommand({
  description:
    "Check that operations, gradients, optimizers, strategies, schedulers, executors and complete studies obey the laws of " +
    "fettle/testing, with random cases; needs the package fast-check. With a model and its table, " +
    "recompute the model's study, and report whether every bit is the same.",
  arguments: [
    ["[model]", "model file of fettle tune --out: recompute its study instead, and compare"],
    ["[data.csv]", "the table of that study"],
  ],
  flags: VERIFY,
  after: `Examples:
  fettle verify
  fettle verify --only executors,reproducibility --cases 200 --seed 7
  fettle verify study/model.fettle data.csv`,
  run,
});

/** @returns the exit code */
async function run(
  model: string | undefined,
  file: string | undefined,
  flags: VerifyFlags,
  command: Command,
): Promise<number> {
  if (model === undefined) return checkLaws(flags);
  mustBeLeftOut(command, ["json"], "a model, whose study is recomputed");
  check(file !== undefined, () => `name the table too: npx fettle verify ${quotedPath(model)} <data.csv>`);
  return verifyModel(model, file, flags.json === true);
}

async function checkLaws({ only, cases, seed, json }: VerifyFlags): Promise<number> {
  const { verify } = await loadLaws();
  const started = performance.now();
  const bar = createBar(process.stderr, "laws");
  const interrupt = takeInterrupts("the running law", bar);
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
      cases,
      seed,
      onEvent,
      signal: interrupt.signal,
      ...(only && { only }),
    });
    bar.stop();
    const seconds = (performance.now() - started) / 1000;
    if (json) printLines([JSON.stringify({ version: VERSION, host: host(), ...verification })]);
    else
      printLines(
        describeVerification({ verification, seconds }, widthOf(process.stdout), paintFor(process.stdout)),
      );
    return exitCodeOf(verification, interrupt.exitCode);
  } finally {
    bar.stop();
    interrupt.release();
  }
}

/** @param stopped - the exit code of the signal that ended it early */
function exitCodeOf({ groups, complete }: Verification, stopped: number = EXIT.success): number {
  if (groups.some(({ broken }) => broken.length > 0)) return EXIT.failure;
  return complete ? EXIT.success : stopped;
}

/** The runtime and the machine: `Node 22.1.0, linux x64`. */
function host(): string {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
  return `${runtime}, ${process.platform} ${process.arch}`;
}

/**
 * The laws, loaded only here, since they need a package that other commands do not.
 *
 * @throws FettleError `not_found` if it is not installed
 */
async function loadLaws(): Promise<typeof import("../testing/index.js")> {
  try {
    return await import("../testing/index.js");
  } catch (cause) {
    if (!/fast-check/.test(messageOf(cause))) throw cause;
    throw new FettleError(
      "not_found",
      "fettle verify needs the package fast-check, which is not installed with fettle: npm install --save-dev fast-check@4",
      { cause },
    );
  }
}
