/**
 * `fettle studies`: shows the studies of a storage, and copies, exports or deletes them. It runs no trial.
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Command } from "commander";
import { check, isRecord, show } from "../errors.js";
import { count, formatScore, formatValue, plain } from "../report/format.js";
import { layOut, layOutTexts } from "../report/layout.js";
import { type StudyData, studyData } from "../report/plots/studyData.js";
import { studyRows } from "../report/records.js";
import { countStatuses } from "../report/study.js";
import { type TensorboardFile, tensorboardFiles } from "../report/tensorboard/tensorboard.js";
import { trialsCsv } from "../report/trialsCsv.js";
import { recordOf } from "../search/study/checkpoint.js";
import { paretoFront } from "../search/trial/pareto.js";
import type { Direction, TrialRecord } from "../search/trial/trial.js";
import { isBetter } from "../search/trial/trial.js";
import type { StoredStudy, StoredTrial } from "../store/storage.js";
import { defineCommand, type Work } from "./command.js";
import { curvesCsv } from "./curvesCsv.js";
import { DISPLAY, markdownOf, picturesOf } from "./display.js";
import { EXIT } from "./exit.js";
import { type FlagsOf, type FlagTable, required, text, turnOn } from "./flags.js";
import { takeInterrupts } from "./interrupt.js";
import { lockFolder } from "./lock.js";
import { checkWritable, makeFolder, writeWhole } from "./output.js";
import { type Access, existingStudy, openStorage, withStorage } from "./storageFile.js";
import { printLines, widthOf } from "./streams.js";
import { exportOptuna, IMPORT, importOptuna } from "./studiesOptuna.js";
import { CURVES_FILE, MODEL_FILE, STUDY_FILE, SUMMARY_FILE, TRIALS_FILE } from "./studyFolder.js";

const TENSORBOARD_FOLDER = "tensorboard";

const STORAGE = {
  storage: required(text("<where>", "the storage: a file, folder/ or postgres://host/name")),
};
const STUDY = { study: required(text("<name>", "the name of the study")) };
const JSON_ROW = { json: turnOn("print only JSON") };
const SHOW = { ...DISPLAY, ...JSON_ROW };
const TRIALS = {
  ...JSON_ROW,
  rows: turnOn("print only JSON, a flat row for each trial, for pandas", ["json"]),
};
const EXPORT = {
  out: text("<folder>", "the folder to write to; existing files are replaced"),
  tensorboard: turnOn(`also write the folder ${TENSORBOARD_FOLDER}, for tensorboard --logdir`),
  optuna: text("<file.db>", "write a database of Optuna instead, or add the study to an existing one"),
  as: text("<name>", "the name of the study in Optuna (default: the same)"),
};
const COPY = {
  to: required(text("<where>", "the storage to copy to; a file or folder/ is created if it does not exist")),
  as: text("<name>", "the name of the copy (default: the same)"),
};

/** Defines the command and its subcommands; `done` receives the exit code. */
export function define(studies: Command, done: (exitCode: number) => void): void {
  studies.description("Show the studies in a storage of fettle tune --storage, also while they run.");
  const add = <Flags>(name: string, summary: string, run: (flags: Flags) => Work, table: FlagTable): void => {
    const description = `${summary[0].toUpperCase()}${summary.slice(1)}.`;
    const command = studies.command(name).summary(summary).helpOption("-h, --help", "print help");
    defineCommand({ description, flags: { ...STORAGE, ...table }, run: run as never })(command, done);
  };
  const addOfOne = <Table extends FlagTable>(
    name: string,
    summary: string,
    work: (study: StoredStudy, flags: FlagsOf<Table>) => Work,
    table: Table,
    access: Access = "look",
    refuse: (flags: FlagsOf<Table>) => void = () => {},
  ): void =>
    add(
      name,
      summary,
      async (flags: FlagsOf<Table> & FlagsOf<typeof STORAGE & typeof STUDY>) => {
        refuse(flags);
        return withStorage(flags.storage, access, async (storage) => {
          const study = await existingStudy(storage, flags.storage, flags.study);
          return (await work(study, flags)) ?? EXIT.success;
        });
      },
      { ...STUDY, ...table },
    );

  add("list", "list the studies", list, JSON_ROW);
  addOfOne("show", "show the settings and the progress of a study", showStudy, SHOW);
  addOfOne("best", "show the best trials", best, JSON_ROW);
  addOfOne("trials", "list the trials", trials, TRIALS);
  addOfOne(
    "export",
    `write ${MODEL_FILE}, ${STUDY_FILE}, ${TRIALS_FILE}, ${CURVES_FILE} and ${SUMMARY_FILE}`,
    exportFiles,
    EXPORT,
    "look",
    checkExport,
  );
  add("import", "import a study of Optuna, to resume it", importOptuna, IMPORT);
  addOfOne("copy", "copy a study to another storage or name", copy, COPY);
  add("delete", "delete a study and everything that belongs to it", remove, STUDY);
  studies.addHelpText(
    "after",
    `
Examples:
  fettle studies list --storage studies.db
  fettle studies best --storage studies.db --study first
  fettle studies export --storage studies.db --study first --out first
  fettle studies export --storage studies.db --study first --optuna optuna.db
  fettle studies import --optuna optuna.db --study theirs --storage studies.db
  fettle studies copy --storage studies.db --study first --to backup.db`,
  );
}

async function list({ storage: path, json }: FlagsOf<typeof STORAGE & typeof JSON_ROW>): Promise<void> {
  const entries = await withStorage(path, "look", (storage) => storage.studies());
  if (json) return print(entries);
  const rows = entries.map(({ name, trials, finished }) => [plain(name), `${finished}`, `${trials}`]);
  printTable([["study", "finished", "trials"], ...rows]);
}

async function showStudy(study: StoredStudy, { json, plot, markdown }: FlagsOf<typeof SHOW>): Promise<void> {
  const { name, definition, settings } = study;
  const all = await study.trials(false);
  const artifacts = await study.artifacts();
  const running = all.filter(({ status }) => status === "running").length;
  const { trials: asked, finished } = { trials: all.length, finished: all.length - running };
  if (json) return print({ name, ...definition, settings, trials: asked, finished, artifacts });
  const data = dataOf(study, all);
  if (markdown) return printLines(markdownOf(data));
  const { space, strategy, direction, seed } = definition;
  const facts: [string, string][] = [
    ["study", plain(name)],
    ["strategy", plain(strategy.name)],
    ["direction", [direction].flat().join(", ")],
    ["seed", `${seed}`],
    ["parameters", plain(Object.keys(space).join(", "))],
    ["asked for", count(asked, "trial")],
    ["finished", countStatuses(finishedIn(all))],
    ...artifacts.map(({ name, size }): [string, string] => [plain(name), count(size, "byte")]),
  ];
  printLines(layOutTexts(facts, widthOf(process.stdout)));
  if (plot) printLines(picturesOf(data));
}

/**
 * The study in the form that pictures, Markdown and rows read; with the names of the objectives, if the
 * command that created it has them.
 */
function dataOf({ name, settings, definition }: StoredStudy, trials: readonly StoredTrial[]): StudyData {
  const { flags } = isRecord(settings.command) ? settings.command : {};
  const names = settings.metrics ?? (isRecord(flags) ? flags.metric : undefined);
  const given = Array.isArray(names) ? names.map(String) : [];
  const isNamed =
    given.length === [definition.direction].flat().length && new Set(given).size === given.length;
  return studyData({ ...definition, trials }, { name, ...(isNamed && { metrics: given }) });
}

async function best(study: StoredStudy, { json }: FlagsOf<typeof JSON_ROW>): Promise<void> {
  const directions = [study.definition.direction].flat();
  const found = bestOf(finishedIn(await study.trials(false)), directions);
  check(found.length > 0, () => `study ${show(study.name)} has no complete trial yet`, "not_found");
  if (json) return print(directions.length === 1 ? found[0] : found);
  printTrials(found);
}

async function trials(study: StoredStudy, { json, rows }: FlagsOf<typeof TRIALS>): Promise<void> {
  const all = await study.trials(false);
  if (rows) return print(studyRows(dataOf(study, all)));
  if (json) print(all);
  else printTrials(all);
}

function checkExport({ out, optuna, as, tensorboard }: FlagsOf<typeof EXPORT>): void {
  check(
    (out === undefined) !== (optuna === undefined),
    "export must have --out <folder>, or --optuna <file.db>, and not both",
  );
  check(!tensorboard || out !== undefined, "--tensorboard needs --out, the folder that it is a part of");
  check(
    as === undefined || optuna !== undefined,
    "--as needs --optuna, the database in which it names the study",
  );
}

async function exportFiles(
  study: StoredStudy,
  { out, optuna, as, tensorboard }: FlagsOf<typeof EXPORT>,
): Promise<void> {
  if (optuna !== undefined) return exportOptuna(study, optuna, as);
  if (out === undefined) return;
  const all = await study.trials();
  const records = finishedIn(all);
  const files: [string, string | Uint8Array | Iterable<string>][] = [
    [STUDY_FILE, `${JSON.stringify({ ...study.definition, trials: all })}\n`],
    [TRIALS_FILE, trialsCsv(records)],
  ];
  if (records.some(({ curves }) => curves)) files.push([CURVES_FILE, curvesCsv(records)]);
  for (const name of [MODEL_FILE, SUMMARY_FILE]) {
    const kept = await study.artifact(name);
    if (kept) files.push([name, kept.bytes]);
  }
  // made twice, since those of all trials may not fit into memory together
  const runs = (): Iterable<TensorboardFile> => (tensorboard ? tensorboardFiles(dataOf(study, all)) : []);
  const pathOf = ({ path }: TensorboardFile): string => join(TENSORBOARD_FOLDER, path);
  makeFolder(out);
  checkWritable(out, [...files.map(([name]) => name), ...Array.from(runs(), pathOf)]);
  const lock = await lockFolder(out);
  const write = (name: string, contents: (typeof files)[number][1]): void => {
    lock.check();
    writeWhole(join(out, name), contents);
  };
  try {
    for (const [name, contents] of files) write(name, contents);
    for (const run of runs()) write(pathOf(run), run.bytes);
  } finally {
    lock.release();
  }
  const written = [...files.map(([name]) => name), ...(tensorboard ? [TENSORBOARD_FOLDER] : [])];
  printLines([`Written: ${written.map((name) => join(out, name)).join(", ")}`]);
}

/** Deletes a study, even one that is damaged. */
async function remove({ storage: path, study }: FlagsOf<typeof STORAGE & typeof STUDY>): Promise<void> {
  await withStorage(path, "use", async (storage) => {
    if (!(await storage.names()).includes(study)) await existingStudy(storage, path, study);
    await storage.delete(study);
  });
}

/**
 * Copies a study. A copy is complete or absent: if it fails, or a signal stops it, it is deleted.
 *
 * @returns the exit code
 */
async function copy(study: StoredStudy, { to, as = study.name }: FlagsOf<typeof COPY>): Promise<number> {
  const storage = await openStorage(to, "create");
  const interrupt = takeInterrupts("deleting the unfinished copy", { stop() {} });
  try {
    const trials = await study.trials();
    const made = await storage.create(as, { ...study.definition, trials }, study.settings);
    let isWhole = false;
    try {
      for await (const _ of copyParts(study, made, trials)) {
        await setImmediate(); // signals are handled in a pause
        if (interrupt.signal.aborted) break;
      }
      isWhole = !interrupt.signal.aborted;
    } finally {
      if (!isWhole) await storage.delete(as).catch(() => {}); // the failure is reported
    }
    return interrupt.exitCode ?? EXIT.success;
  } finally {
    interrupt.release();
    await storage.close();
  }
}

/** Copies everything but the trials, and yields after each part. */
async function* copyParts(from: StoredStudy, to: StoredStudy, trials: readonly StoredTrial[]) {
  for (const { number } of trials)
    for (const report of await from.reports(number)) yield to.report(number, report);
  for (const note of await from.notes()) yield to.note(note);
  for (const { name } of await from.artifacts()) {
    const kept = await from.artifact(name);
    if (kept) yield to.keep(name, kept.bytes);
  }
}

function finishedIn(trials: readonly StoredTrial[]): TrialRecord[] {
  return trials.flatMap((trial) => (trial.status === "running" ? [] : [recordOf(trial)]));
}

/** The best trial, or, for several objectives, those that no other dominates. */
function bestOf(records: readonly TrialRecord[], directions: readonly Direction[]): TrialRecord[] {
  if (directions.length > 1) return paretoFront(records, directions);
  let found: TrialRecord | undefined;
  for (const record of records) if (isBetter(record, found, directions[0])) found = record;
  return found ? [found] : [];
}

function print(value: unknown): void {
  printLines([JSON.stringify(value)]);
}

function printTrials(trials: readonly (StoredTrial | TrialRecord)[]): void {
  const names = [...new Set(trials.flatMap(({ params }) => Object.keys(params)))];
  const rows = trials.map((trial) => [
    `${trial.number}`,
    trial.status,
    "values" in trial && trial.values
      ? trial.values.map(formatScore).join(", ")
      : formatScore("value" in trial ? trial.value : null),
    ...names.map((name) => (Object.hasOwn(trial.params, name) ? plain(formatValue(trial.params[name])) : "")),
  ]);
  printTable([["trial", "status", "value", ...names.map(plain)], ...rows]);
}

function printTable(rows: readonly (readonly string[])[]): void {
  printLines(layOut(rows, { width: widthOf(process.stdout), indent: 0 }));
}
