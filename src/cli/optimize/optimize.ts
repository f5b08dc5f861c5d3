/**
 * `fettle optimize`: tunes the parameters of any program, and prints the best. It computes no figure itself.
 */
import { join } from "node:path";
import type { Command } from "commander";
import { FettleError } from "../../errors.js";
import { defined } from "../../options.js";
import { jobsOf } from "../../platform/jobs.js";
import { type JsonReport, jsonReport, jsonTrial } from "../../report/json.js";
import { type StudyData, type StudySource, studyData } from "../../report/plots/studyData.js";
import { introduceProgram, summarize, summarizeFront } from "../../report/study.js";
import type { Params, Space } from "../../search/space/space.js";
import { bestOrNone } from "../../search/study/best.js";
import type { StudyEvent, StudyJson } from "../../search/study/contract.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { tune } from "../../tune/tune.js";
import type { SearchResult } from "../../tune/tuner/options.js";
import { defineCommand } from "../command.js";
import { markdownOf, picturesOf } from "../display.js";
import { atEnd } from "../interrupt.js";
import { type Keepable, openKeeper, resumesFolder } from "../keeper.js";
import { quoted } from "../messages.js";
import { writeReport } from "../report.js";
import { runStudy } from "../runStudy.js";
import { note, paintFor, printLines, widthOf } from "../streams.js";
import type { SavedProgram } from "../studyFolder.js";
import { shellLine } from "./command.js";
import { heldFlags, OPTIMIZE, type OptimizeFlags } from "./flags.js";
import { type OpenStudy, openStudy } from "./openStudy.js";
import { Programs } from "./programs.js";
import { type OptimizeSetup, readSetup } from "./setup.js";
import { PARAMS_FILE, TrialFolders } from "./trialFolder.js";

export const define = defineCommand({
  usage: "--space <file.json> [options] -- <program> [arguments...]",
  description:
    "Tune the parameters of any program. Each trial runs it once. {name} in its arguments stands for the value of a parameter, which " +
    "no shell reads. The trial's value is the last line of output that is a number, or a JSON object " +
    "with the value.",
  arguments: [["[program...]", "the program and its arguments, after --"]],
  flags: OPTIMIZE,
  after: `Examples:
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
the folder of the trial, {trial} its number, and {{ a brace.`,
  run,
});

/** @returns the exit code */
async function run(words: readonly string[], flags: OptimizeFlags, command: Command): Promise<number> {
  const study = await openStudy(command, words, flags);
  try {
    return await runOpen(study);
  } finally {
    await study.record?.release();
  }
}

async function runOpen({ words, flags, study, record }: OpenStudy): Promise<number> {
  const setup = await readSetup(words, flags, study);
  const { metrics, command, source, strategy } = setup;
  const { out, grace, lag = study?.lag } = flags;
  const jobs = jobsOf(flags.jobs);
  if (lag !== undefined && jobs > lag + 1 && strategy.adaptive && !strategy.generation)
    note(`--jobs ${jobs}: with a lag of ${lag}, at most ${lag + 1} programs run at once`);
  const own: SavedProgram = {
    program: words,
    flags: heldFlags(flags),
    ...(flags.study !== undefined && { stored: flags.study }),
  };
  const kept: Keepable = {
    flags,
    command: own,
    ...defined({ study, record }),
    written: (files) => [`Written: ${files.join(", ")}, and a folder for each trial`],
  };
  const isNew = out !== undefined && !resumesFolder(kept);
  const keeper = await openKeeper(kept);
  const folders = TrialFolders.open(out);
  if (isNew) folders.clear();
  const programs = new Programs({ command, metrics, source, grace: 1000 * grace, folders });
  /** Leaves no program and no folder behind, even if the process ends at once. */
  const clear = (): void => {
    programs.kill();
    folders.close();
  };
  const forget = atEnd(clear);
  try {
    return await runStudy<SearchResult<Space>>({
      command: "optimize",
      flags,
      metric: metrics[0],
      running: "ending the running programs",
      keeper,
      introduce: ({ trials }) => printIntroduction(words, flags, setup, trials),
      onEvent(event) {
        if (event.type === "trialEnded") folders.writeResult(jsonTrial(event.record));
      },
      async search(onEvent, signal) {
        const result = await search(setup, flags, programs, { onEvent, signal, ...(study && { study }) });
        await programs.ended();
        return result;
      },
      show({ trials, result, seconds }) {
        const best = result && bestOrNone(result.study);
        const again = best && commandOf(best, setup, folders, flags);
        const found = result as SearchResult<Space>; // called only with one
        return {
          report: reportOf(flags, trials, result, again),
          markdown: () => markdownOf(dataOf(setup, found)),
          print: () => printResult(setup, flags, found, seconds, again),
          writeReport: (folder, summary) =>
            writeReport(
              folder,
              found.study as StudySource,
              { ...summary, command: { program: words, flags: own.flags } },
              { metrics },
            ),
        };
      },
    });
  } finally {
    clear();
    forget();
    await keeper?.release();
  }
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
      ...defined({ trials, lag, trialTimeout: trialTimeout && 1000 * trialTimeout }),
      // the clock of the process started with the command
      ...(seconds !== undefined && { timeout: Math.max(1, 1000 * seconds - performance.now()) }),
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
  const { bestTrials, study } = result ?? {};
  return jsonReport({
    best: study && bestOrNone(study),
    bestTrials: study && study.directions.length > 1 ? bestTrials : undefined,
    bestCommand: again?.words,
    trials,
    seed,
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
  const common = { trials, seconds, again: again?.line };
  const lines = best
    ? summarize(
        { ...common, metric: metrics[0], direction: directions[0], best, test: {}, testRows: 0 },
        width,
        paint,
      )
    : summarizeFront({ ...common, metrics, directions, bestTrials }, width, paint);
  printLines(plot ? [...lines, ...picturesOf(dataOf(setup, result))] : lines);
}
