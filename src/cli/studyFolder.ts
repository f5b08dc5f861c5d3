/**
 * The folder of a study: its files are complete or absent, and one process at a time writes them. tune.ts
 * knows what a study is and how to resume it.
 */
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { check, FettleError, isRecord, show } from "../errors.js";
import { Model } from "../model/model.js";
import { trialsCsv } from "../report/trialsCsv.js";
import type { Params, Space } from "../search/space/space.js";
import type { StudyJson } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { finalOrNone } from "../tune/tuner/result.js";
import { curvesCsv } from "./curvesCsv.js";
import { isThere, readJson } from "./files.js";
import { type Lock, lockFolder } from "./lock.js";
import { quoted } from "./messages.js";
import { checkWritable, makeFolder, writeWhole, writing } from "./output.js";

export const MODEL_FILE = "model.fettle";
export const STUDY_FILE = "study.json";
export const TRIALS_FILE = "trials.csv";
export const SUMMARY_FILE = "summary.json";
export const CURVES_FILE = "curves.csv";
/**
 * A range test that `fettle lr-find --out` wrote into the folder; no command needs it, and a report draws it.
 */
export const RATES_FILE = "rates.json";
/** Written if `echarts` is installed. */
export const REPORT_FILE = "report.html";
const FILES = [MODEL_FILE, STUDY_FILE, TRIALS_FILE, CURVES_FILE, SUMMARY_FILE];

/** Milliseconds between two writes of a running study. */
const PAUSE = 500;

/** How a study of `fettle tune` began. */
export interface SavedTable {
  /** Its table. */
  readonly file: string;
  /** The digest of that table. */
  readonly data: string;
  /** The flags that it began with. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Its name in a storage, if it is also in one. */
  readonly stored?: string;
}

/** How a study of `fettle optimize` began. */
export interface SavedProgram {
  /** The program and its arguments, with their placeholders. */
  readonly program: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** Its name in a storage, if it is also in one. */
  readonly stored?: string;
}

/** Whether a folder contains the study that began this way; a storage may have more of its trials. */
export function hasStudyOf(folder: string, command: SavedTable | SavedProgram): boolean {
  const path = join(folder, SUMMARY_FILE);
  if (!isThere(path)) return false;
  const summary = readJson(path);
  // the place of its table and the number of trials may change
  const essence = (of: unknown): string =>
    JSON.stringify({
      ...(of as SavedTable),
      file: undefined,
      flags: { ...(of as SavedTable).flags, trials: 0 },
    });
  return isRecord(summary) && isRecord(summary.command) && essence(summary.command) === essence(command);
}

/** The study of a folder; undefined if it was killed before its first trial. */
interface Saved {
  readonly study?: StudyJson;
}

/**
 * The study of `fettle tune` in a folder, to resume.
 *
 * @throws FettleError `not_found`, `invalid_checkpoint` for a folder without one */
export function readStudy(folder: string): SavedTable & Saved {
  const { file, data, flags, study } = readFolder(folder, "tune");
  if (typeof file !== "string" || typeof data !== "string") throw foreign(folder, "tune");
  return { ...study, file, data, flags };
}

/** The study of `fettle optimize` in a folder. @throws FettleError as {@link readStudy} */
export function readProgramStudy(folder: string): SavedProgram & Saved {
  const { program, flags, study } = readFolder(folder, "optimize");
  const isProgram = Array.isArray(program) && program.every((word) => typeof word === "string");
  if (!isProgram) throw foreign(folder, "optimize");
  return { ...study, program: program as string[], flags };
}

/** @param name - of the command that reads it */
function readFolder(
  folder: string,
  name: string,
): Readonly<Record<string, unknown>> & { readonly flags: SavedTable["flags"]; readonly study: Saved } {
  check(
    isThere(join(folder, SUMMARY_FILE)),
    () => `${show(folder)} must be a folder that fettle ${name} --out wrote`,
    "not_found",
  );
  const summary = readJson(join(folder, SUMMARY_FILE));
  const command = isRecord(summary) && isRecord(summary.command) ? summary.command : {};
  const { flags } = command;
  if (!isRecord(flags)) throw foreign(folder, name);
  const path = join(folder, STUDY_FILE);
  return { ...command, flags, study: isThere(path) ? { study: readJson(path) as StudyJson } : {} };
}

function foreign(folder: string, name: string): FettleError {
  return new FettleError(
    "invalid_checkpoint",
    `${show(join(folder, SUMMARY_FILE))} does not say how a study of fettle ${name} began`,
  );
}

/** The folder that a running study is written to. */
export class StudyFolder {
  private study: { toJSON(): StudyJson } | undefined;
  private written = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly folder: string,
    private readonly command: SavedTable | SavedProgram,
    private readonly lock: Lock,
  ) {}

  /**
   * Creates and locks the folder.
   *
   * @param mayReplace - whether another study in it is replaced
   * @throws FettleError `not_found` if nothing can be written there; `invalid_state` if it has a study, or
   * another process writes there
   */
  static async open(
    folder: string,
    command: SavedTable | SavedProgram,
    mayReplace: boolean,
  ): Promise<StudyFolder> {
    makeFolder(folder);
    checkWritable(folder, FILES);
    const lock = await lockFolder(folder);
    const found = FILES.find((file) => isThere(join(folder, file)));
    if (mayReplace || found === undefined) return new StudyFolder(folder, command, lock);
    lock.release();
    throw new FettleError(
      "invalid_state",
      `${show(folder)} has ${found} already; resume it with --resume ${quoted(folder)}, replace it with --overwrite, or choose another folder`,
    );
  }

  begin(study: { toJSON(): StudyJson }): void {
    this.study = study;
    // its settings first, so that it can be resumed whenever it is killed
    this.writeSummary({ status: "running" });
    this.save();
  }

  /** Saves the trials so far. */
  save(now = false): void {
    if (!this.study || (!now && performance.now() - this.written < PAUSE)) return;
    this.write(STUDY_FILE, `${JSON.stringify(this.study)}\n`);
    this.written = performance.now();
  }

  /**
   * Writes the final results.
   * @returns the paths of the files, the model first
   */
  finish(
    trials: readonly TrialRecord<Params>[],
    summary: Readonly<Record<string, unknown>>,
    result: Made | undefined,
  ): string[] {
    this.save(true);
    this.write(TRIALS_FILE, trialsCsv(trials));
    const hasCurves = trials.some(({ curves }) => curves);
    if (hasCurves) this.write(CURVES_FILE, curvesCsv(trials));
    // files of a study that this one replaces
    else writing(join(this.folder, CURVES_FILE), (path) => rmSync(path, { force: true }));
    const model = "file" in this.command ? modelBytes(result, this.command, trials.length) : undefined;
    if (model) this.write(MODEL_FILE, model);
    this.writeSummary(summary);
    return FILES.filter((file) => (file !== MODEL_FILE || model) && (file !== CURVES_FILE || hasCurves)).map(
      (file) => join(this.folder, file),
    );
  }

  release(): void {
    this.lock.release();
  }

  private writeSummary(summary: Readonly<Record<string, unknown>>): void {
    this.write(SUMMARY_FILE, `${JSON.stringify({ ...summary, command: this.command }, null, 2)}\n`);
  }

  private write(file: string, contents: string | Uint8Array | Iterable<string>): void {
    this.lock.check();
    writeWhole(join(this.folder, file), contents);
  }
}

/** The results of a search: its final model, and the parts of it that time allowed. */
export interface Made extends Partial<Pick<TuneResult<Space>, "networks" | "ensemble">> {
  readonly final: Model;
  readonly finalError?: FettleError;
}

/** The file of the final model, which records the command that made it; undefined without a model. */
export function modelBytes(
  result: Made | undefined,
  { file, flags }: Pick<SavedTable, "file" | "flags">,
  trials: number,
): Uint8Array | undefined {
  const final = finalOrNone(result);
  if (!final) return undefined;
  const { model, table, notes } = final;
  const did = { trials, ...networksOf(result ?? {}) };
  // a folder's path on this machine means nothing elsewhere
  const command = { file: basename(file), flags: { ...flags, ...did } };
  return new Model(model, table, { ...notes, command }).bytes();
}

/** The final model, as flags. */
export interface Networks {
  /** Networks of the final model, if time allowed fewer than requested. */
  readonly ensemble?: number;
  /** Further divisions of the rows, by which these were chosen. */
  readonly confirm?: number;
}

/**
 * The parts of a final model that time allowed; a single network is not chosen, so it is not confirmed
 * either.
 */
export function networksOf({
  networks,
  ensemble,
}: Partial<Pick<TuneResult<Space>, "networks" | "ensemble">>): Networks {
  const { confirm = networks === 1 ? 0 : undefined } = ensemble ?? {};
  return { ...(networks !== undefined && { ensemble: networks }), ...(confirm !== undefined && { confirm }) };
}
