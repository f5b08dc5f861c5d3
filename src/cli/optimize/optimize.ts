/**
 * `fettle optimize`: tunes the parameters of any program, and prints the best. It computes no figure itself.
 */
import { join } from "node:path";
import type { Command } from "commander";
import type { Ending } from "../../dashboard/ended.js";
import { FettleError } from "../../errors.js";
import { type JsonReport, jsonReport, jsonTrial } from "../../report/json.js";
import { type StudyData, type StudySource, studyData } from "../../report/plots/studyData.js";
import { introduceProgram, summarize, summarizeFront } from "../../report/study.js";
import type { Params, Space } from "../../search/space/space.js";
import { bestOrNone } from "../../search/study/best.js";
import type { StudyEvent, StudyJson } from "../../search/study/contract.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { tune } from "../../tune/tune.js";
import type { SearchResult } from "../../tune/tuner/options.js";
import { markdownOf, picturesOf, printsOneText } from "../display.js";
import { EXIT } from "../exit.js";
import { quoted } from "../explain.js";
import { addFlags } from "../flags.js";
import { atEnd, takeInterrupts } from "../interrupt.js";
import { createProgressBar } from "../progress.js";
import { writeReport } from "../report.js";
import { complainOfNone, howToResume } from "../resume.js";
import { shownStorage } from "../storageFile.js";
import { note, paintFor, printLines, widthOf } from "../streams.js";
import { hasStudyOf, StudyFolder } from "../studyFolder.js";
import { shellLine } from "./command.js";
import { heldFlags, OPTIMIZE, type OptimizeFlags } from "./flags.js";
import { type OpenStudy, openStudy } from "./openStudy.js";
import { Programs } from "./programs.js";
import { type OptimizeSetup, readSetup } from "./setup.js";
import { PARAMS_FILE, TrialFolders } from "./trialFolder.js";

/** Adds the command; `done` receives the exit code. */
export function addOptimizeCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command("optimize")
    .summary("tune the parameters of any program")
    .usage("--space <file.json> [options] -- <program> [arguments...]")
    .description(
      "Tune the parameters of any program. Each trial runs it once. {name} in its arguments stands for the value of a parameter, which " +
        "no shell reads. The trial's value is the last line of output that is a number, or a JSON object " +
        "with the value.",
    )
    .argument("[program...]", "the program and its arguments, after --");
  addFlags(command, OPTIMIZE)
    .addHelpText("after", EXAMPLES)
    .action(async (words: readonly string[], flags: OptimizeFlags) =>
      done(await run(await openStudy(command, words, flags))),
    );
}

const EXAMPLES = `
Examples:
  fettle optimize --space space.json -- python train.py --lr {lr} --units {units}
  fettle optimize --space space.json --metric loss,seconds -- ./run.sh {params}
  fettle optimize --space space.json --scheduler median --steps 20 --jobs 4 \\
    --out study -- python train.py --lr {lr} --units {units}
  fettle optimize --resume study --trials 100
  fettle optimize --space space.json --storage studies.db --study first -- ./run.sh {params}
  fettle optimize --storage studies.db --study first --trials 100
  fettle optimize --space space.json --env -- sh -c 'make && ./app'

space.json:
  {
    "lr": { "type": "float", "low": 1e-4, "high": 0.1, "log": true },
    "units": { "type": "int", "low": 8, "high": 64 }
  }

Lines that the program may print:
  {"step": 3, "value": 0.41} during the trial, for a scheduler
  {"value": 0.37} at its end; 0.37 alone also works

In arguments, {params} is the path of a JSON file with all parameters, {folder}
the folder of the trial, {trial} its number, and {{ a brace.`;

/** @returns the exit code */
async function run(study: OpenStudy): Promise<number> {
  try {
    return await runOpen(study);
  } finally {
    await study.record?.release();
  }
}

async function runOpen({ words, flags, study, record }: OpenStudy): Promise<number> {
  const setup = await readSetup(words, flags, study);
  const { metrics, command, source, strategy } = setup;
  const { out, grace, json, lag = study?.lag, jobs } = flags;
  if (lag !== undefined && jobs > lag + 1 && strategy.adaptive && !strategy.generation)
    note(`--jobs ${jobs}: with a lag of ${lag}, at most ${lag + 1} programs run at once`);
  const own = {
    program: words,
    flags: heldFlags(flags),
    ...(flags.study !== undefined && { stored: flags.study }),
  };
  const goesOn = (at: string): boolean =>
    flags.resume !== undefined || (record !== undefined && study !== undefined && hasStudyOf(at, own));
  const isNew = out !== undefined && !goesOn(out);
  const folder =
    out === undefined ? undefined : await StudyFolder.open(out, own, !isNew || flags.overwrite === true);
  const folders = TrialFolders.open(out);
  if (isNew) folders.clear();
  const programs = new Programs({ command, metrics, source, grace: 1000 * grace, folders });
  /** Leaves no program and no folder behind, even if the process ends at once. */
  const clear = (): void => {
    programs.kill();
    folders.close();
  };
  const forget = atEnd(clear);
  const started = performance.now();
  const bar = createProgressBar(process.stderr, metrics[0], async ({ trials }) => {
    await record?.stored(); // so that other commands find the study as soon as this one announces it
    printIntroduction(words, flags, setup, trials);
  });
  const interrupt = takeInterrupts("ending the running programs", bar, () => folder?.save(true));
  const ended: TrialRecord<Params>[] = [];
  const onEvent = (event: StudyEvent): void => {
    record?.onEvent(event);
    if (event.type === "studyStarted") folder?.begin(event.study);
    if (event.type === "trialEnded") {
      ended.push(event.record);
      folder?.save(true); // running a program is expensive
      folders.writeResult(jsonTrial(event.record));
    }
    if (!printsOneText(flags)) bar.update(event);
  };
  try {
    const result = await search(setup, flags, programs, {
      onEvent,
      signal: interrupt.signal,
      ...(study && { study }),
    });
    await programs.ended();
    await bar.shown();
    bar.stop();
    const trials = result?.trials ?? ended.sort((a, b) => a.number - b.number);
    const seconds = (performance.now() - started) / 1000;
    const best = result && bestOrNone(result.study);
    const again = best && commandOf(best, setup, folders, flags);
    const report = reportOf(flags, trials, result, again);
    const hasResult = result !== undefined && result.bestTrials.length > 0;
    if (json) printLines([JSON.stringify(report)]);
    else if (flags.markdown) printLines(result ? markdownOf(dataOf(setup, result)) : []);
    else if (hasResult) printResult(setup, flags, result, seconds, again);
    if (!hasResult) complainOfNone(trials);
    const status: Ending = interrupt.signal.aborted ? "interrupted" : hasResult ? "finished" : "no result";
    const summary = { status, seconds, ...report, trials: trials.length };
    await record?.finish(trials.length, summary, undefined);
    const files = folder?.finish(trials, summary, undefined);
    const written =
      out === undefined || !folder || !result
        ? []
        : [await reportIn(out, words, flags, result, summary, metrics)];
    if (!printsOneText(flags)) {
      if (record) printLines(["", `Kept in ${shownStorage(flags.storage ?? "")}`]);
      if (files) printLines(["", `Written: ${files.join(", ")}, and a folder for each trial`, ...written]);
    }
    if (interrupt.exitCode !== undefined) {
      note(howToResume("optimize", flags, trials.length));
      return interrupt.exitCode;
    }
    return hasResult ? EXIT.success : EXIT.failure;
  } finally {
    bar.stop();
    interrupt.release();
    clear();
    forget();
    folder?.release();
  }
}

/** The report among the files of `--out`. */
function reportIn(
  folder: string,
  program: readonly string[],
  flags: OptimizeFlags,
  { study }: SearchResult<Space>,
  summary: Readonly<Record<string, unknown>>,
  metrics: readonly string[],
): Promise<string> {
  const command = { program, flags: heldFlags(flags) };
  return writeReport(folder, study as StudySource, { ...summary, command }, { metrics });
}

/** @returns undefined if every trial failed */
async function search(
  { space, directions, strategy, scheduler }: OptimizeSetup,
  { trials, seconds, trialTimeout, seed, jobs, lag, steps }: OptimizeFlags,
  programs: Programs,
  more: {
    readonly onEvent: (event: StudyEvent) => void;
    readonly signal: { readonly aborted: boolean };
    readonly study?: StudyJson;
  },
): Promise<SearchResult<Space> | undefined> {
  try {
    return await tune({
      space,
      strategy,
      seed,
      jobs,
      objective: programs.objective,
      ...more,
      direction: directions.length === 1 ? directions[0] : directions,
      ...(scheduler && steps !== undefined && { scheduler, steps }),
      ...(trials !== undefined && { trials }),
      ...(lag !== undefined && { lag }),
      // the clock of the process started with the command
      ...(seconds !== undefined && { timeout: Math.max(1, 1000 * seconds - performance.now()) }),
      ...(trialTimeout !== undefined && { trialTimeout: 1000 * trialTimeout }),
    });
  } catch (error) {
    if (error instanceof FettleError && error.code === "trial_failed") return undefined;
    throw error;
  }
}

/** The command that runs a trial again; undefined if its files are gone. */
function commandOf(
  { number, params }: TrialRecord<Params>,
  { command }: OptimizeSetup,
  folders: TrialFolders,
  { out }: OptimizeFlags,
): BestCommand | undefined {
  if (command.usesFolder && out === undefined) return undefined;
  const folder = folders.of(number);
  const words = command.wordsOf(params, { folder, params: join(folder, PARAMS_FILE), trial: String(number) });
  return { words, line: shellLine(words, command.variablesOf(params)) };
}

interface BestCommand {
  readonly words: readonly string[];
  /** As a person types it. */
  readonly line: string;
}

function reportOf(
  { seed }: OptimizeFlags,
  trials: readonly TrialRecord<Params>[],
  result: SearchResult<Space> | undefined,
  again: BestCommand | undefined,
): JsonReport {
  const { bestTrials = [], study } = result ?? {};
  const best = study && bestOrNone(study);
  return jsonReport({
    best,
    trials,
    seed,
    ...(study && study.directions.length > 1 && { bestTrials }),
    ...(again && { bestCommand: again.words }),
  });
}

function printIntroduction(
  words: readonly string[],
  flags: OptimizeFlags,
  { strategy }: OptimizeSetup,
  trials: number,
): void {
  const { seed, seconds } = flags;
  const about = {
    strategy: strategy.name,
    seed,
    command: words.map(quoted).join(" "),
    ...(seconds === undefined ? { trials } : { seconds, ...(flags.trials !== undefined && { trials }) }),
  };
  printLines(introduceProgram(about, widthOf(process.stdout)));
}

/** The study in the form that pictures and Markdown read. */
const dataOf = ({ metrics }: OptimizeSetup, { study }: SearchResult<Space>): StudyData =>
  studyData(study, { metrics });

function printResult(
  setup: OptimizeSetup,
  { plot }: OptimizeFlags,
  result: SearchResult<Space>,
  seconds: number,
  again: BestCommand | undefined,
): void {
  const { metrics, directions } = setup;
  const { bestTrials, trials, study } = result;
  const best = bestOrNone(study);
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  const common = { trials, seconds, ...(again && { again: again.line }) };
  const lines = best
    ? summarize(
        { ...common, metric: metrics[0], direction: directions[0], best, test: {}, testRows: 0 },
        width,
        paint,
      )
    : summarizeFront({ ...common, metrics, directions, bestTrials }, width, paint);
  printLines(plot ? [...lines, ...picturesOf(dataOf(setup, result))] : lines);
}
