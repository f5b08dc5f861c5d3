/**
 * `fettle report`: writes the report of a study in a folder or a storage as one HTML file. It runs no trial.
 */
import { basename, join, resolve } from "node:path";
import { check, FettleError, isRecord, show } from "../errors.js";
import type { Model } from "../model/model.js";
import { loadModel } from "../model/save.js";
import type { ReportOptions } from "../report/html/options.js";
import { createReport } from "../report/html/report.js";
import type { StudySource } from "../report/plots/studyData.js";
import { studyData } from "../report/plots/studyData.js";
import { defineCommand } from "./command.js";
import { isFolder, isThere, readJson } from "./files.js";
import { type FlagsOf, text } from "./flags.js";
import { quoted, quotedPath } from "./messages.js";
import { checkFile, writeWhole } from "./output.js";
import { linesThatPredict, partsOf, ratesIn, ratesOf, summaryOf } from "./reportParts.js";
import { existingStudy, namesIn, shownStorage, withStorage } from "./storageFile.js";
import { note, printLines } from "./streams.js";
import { MODEL_FILE, RATES_FILE, REPORT_FILE, STUDY_FILE, SUMMARY_FILE } from "./studyFolder.js";

const REPORT = {
  storage: text("<where>", "or the storage of the study: a file, folder/ or postgres://host/name"),
  study: text("<name>", "the name of the study in the storage"),
  out: text("<file.html>", `the file to write (default: ${REPORT_FILE} in the folder, or here)`),
};
type ReportFlags = FlagsOf<typeof REPORT>;

export const define = defineCommand({
  description:
    "Write a report of a study as one HTML file that needs no network: the answer, how to use it, how the " +
    "search went, what matters, how training went, how good the model is, the data, and how to repeat " +
    "it. Needs the package echarts.",
  arguments: [["[folder]", "a folder that fettle tune --out or fettle optimize --out wrote"]],
  flags: REPORT,
  after: `Examples:
  fettle report study
  fettle report study --out study.html
  fettle report --storage studies.db --study first --out first.html`,
  run,
});

async function run(path: string | undefined, flags: ReportFlags): Promise<void> {
  const { storage, study } = flags;
  check(
    (path === undefined) !== (storage === undefined),
    "a folder must be given, or --storage and --study, but not both",
  );
  check(path === undefined || study === undefined, "--study needs --storage, the place that the study is in");
  const folder = path ?? "";
  const { out = join(folder, REPORT_FILE) } = flags;
  if (storage === undefined) mustBeStudyFolder(folder);
  checkFile(out);
  writeWhole(out, await (storage === undefined ? ofFolder(folder) : ofStorage(storage, study)));
  printLines([`Written: ${out}`]);
}

function mustBeStudyFolder(path: string): void {
  check(
    isFolder(path),
    () =>
      `${show(path)} must be a folder that fettle tune --out wrote${isThere(path) ? `; for a database: npx fettle report --storage ${quoted(path)} --study <name>` : ""}`,
    "not_found",
  );
  check(
    isThere(join(path, STUDY_FILE)),
    () =>
      `${show(path)} has no ${STUDY_FILE}: it is not a folder of --out, or its study ended before the first trial`,
    "not_found",
  );
}

async function ofFolder(path: string): Promise<string> {
  const study = readJson(join(path, STUDY_FILE)) as StudySource;
  const summary = readJson(join(path, SUMMARY_FILE));
  const model = join(path, MODEL_FILE);
  return pageOf(nameOfFolder(path), study, summary, isThere(model) ? model : undefined, ratesIn(path));
}

/** Its name, even of `.`. */
const nameOfFolder = (path: string): string => basename(resolve(path));

async function ofStorage(path: string, name: string | undefined): Promise<string> {
  return withStorage(path, "look", async (storage) => {
    if (name === undefined) {
      const known = await namesIn(storage);
      throw new FettleError(
        "invalid_argument",
        `--study must name a study of ${show(shownStorage(path))}. Known: ${known}`,
      );
    }
    const study = await existingStudy(storage, path, name);
    const bytesOf = async (artifact: string) => (await study.artifact(artifact))?.bytes;
    const bytes = await bytesOf(SUMMARY_FILE);
    const summary = bytes ? JSON.parse(new TextDecoder().decode(bytes)) : study.settings;
    const source = { ...study.definition, trials: await study.trials() } as StudySource;
    const rates = await bytesOf(RATES_FILE);
    return await pageOf(name, source, summary, await bytesOf(MODEL_FILE), rates && ratesOf(rates));
  });
}

/**
 * Writes the report of a study that has just ended to its folder.
 *
 * @returns a line about it; without the package echarts, how to install it
 */
export async function writeReport(
  folder: string,
  study: StudySource,
  summary: Readonly<Record<string, unknown>>,
  known: ReportOptions & { readonly metrics?: readonly string[] },
): Promise<string> {
  const path = join(folder, REPORT_FILE);
  try {
    const {
      title = nameOfFolder(folder),
      metrics,
      ...options
    } = {
      ...summaryOf(summary),
      ...known,
      ...ratesIn(folder),
    };
    const page = await createReport(studyData(study, { name: title, ...(metrics && { metrics }) }), options);
    writeWhole(path, page);
    return `Report: ${path}`;
  } catch (error) {
    if (!(error instanceof FettleError) || error.code !== "unsupported") throw error;
    return `No report: it needs the package echarts. Run npm install echarts, then npx fettle report ${quotedPath(folder)}`;
  }
}

async function loadedOrNone(model: string | Uint8Array): Promise<Model | undefined> {
  try {
    return await loadModel(model, { compile: false });
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    note(`note: ${error.message}; the report does not include the model`);
    return undefined;
  }
}

/** The page of a study, with the contents of its summary and its table. */
export async function pageOf(
  name: string,
  study: StudySource,
  summary: unknown,
  model: string | Uint8Array | undefined,
  rates?: Pick<ReportOptions, "rates">,
): Promise<string> {
  const known = isRecord(summary) ? summary : {};
  const loaded = model === undefined ? undefined : await loadedOrNone(model);
  const path = typeof model === "string" ? model : undefined;
  const { title, metrics, ...options }: ReportOptions & { metrics?: readonly string[] } = {
    ...summaryOf(known),
    ...(path !== undefined && loaded?.table && { use: linesThatPredict(path, loaded.table.inputs) }),
    ...(await partsOf(known, loaded, path)),
    ...rates,
  };
  const data = studyData(study, { name: title ?? name, ...(metrics && { metrics }) });
  return createReport(data, options);
}
