/** Studies to and from Optuna's files of SQLite. What the files hold is the business of `store/optuna/`. */
import {
  checkOptions,
  FettleError,
  isA,
  isRecord,
  messageOf,
  must,
  type OptionNames,
  show,
} from "../../errors.js";
import { readStudy } from "../optuna/read.js";
import { type OptunaImport, studyOf } from "../optuna/study.js";
import { writeStudy } from "../optuna/write.js";
import type { SqlDatabase } from "../sql/database.js";
import { checkName, type StoredStudy, type StudyStorage } from "../storage.js";
import { resultCodeOf } from "./drivers.js";
import { openDatabase } from "./sqlite.js";

/** How a study is exported. */
export interface OptunaExportOptions {
  /** The name of the study there. Default: its own. */
  readonly as?: string;
}

/** How a study is imported. */
export interface OptunaImportOptions extends OptunaImport {
  /** The name of the study here. Default: that of Optuna. */
  readonly as?: string;
}

/** A study that was imported. */
export interface ImportedStudy {
  readonly study: StoredStudy;
  /** What was decided about it, and what was left out, in words. */
  readonly notes: readonly string[];
}

const EXPORT: OptionNames<OptunaExportOptions> = { as: true };
const IMPORT: OptionNames<OptunaImportOptions> = {
  as: true,
  space: true,
  strategy: true,
  seed: true,
  lag: true,
};

/**
 * Writes a study into a file that Optuna (3.2 and later) opens: `optuna.load_study(study_name=…, storage="sqlite:///…")`. Its trials have
 * the same numbers, states, parameters, values, intermediate values and attributes; trials that diverged have failed there. Further
 * trials of Optuna come back by {@link importFromOptuna}.
 *
 * @param path - of the file, which is made unless it exists; other studies in it stay
 * @returns what Optuna has no place for, in words
 * @throws FettleError `conflict` if the file has a study of that name; `invalid_argument` for a file of another program;
 * `invalid_checkpoint` for one of another release of Optuna; and as `sqliteStorage`
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 5 });
 * const storage = await sqliteStorage(":memory:");
 * const kept = await storage.create("parabola", study.toJSON());
 * await exportToOptuna(kept, ":memory:"); // []
 * await storage.close();
 * ```
 */
export async function exportToOptuna(
  study: StoredStudy,
  path: string,
  options: OptunaExportOptions = {},
): Promise<readonly string[]> {
  checkOptions(options, "exportToOptuna", EXPORT);
  must(isRecord(study), "study", "a study of a storage", study);
  const { as = study.name } = options;
  checkName("the name of a study", as);
  return inFile(path, false, (database) => writeStudy(database, study, as));
}

/**
 * Takes a study out of a file of Optuna (3.2 and later) into a storage, so that it goes on here: `recordStudy`, or `restoreStudy` and
 * `ask`. Its space is read from the distributions of its trials: of a range that changed the widest, and for a parameter that some
 * trials lack the condition on another that tells which. Trials that are no points of the space are left out, as those that failed before
 * all parameters were suggested. Nothing in the file is trusted, and the file stays as it is.
 *
 * @param path - of the file of Optuna
 * @param name - of the study there
 * @throws FettleError `not_found` without a file, or a study of that name in it; `invalid_space` for parameters that no space describes;
 * `damaged_record` for rows that Optuna does not write; `conflict` if the storage has a study of the name; and as `exportToOptuna`
 * @example
 * ```ts
 * const storage = memoryStorage();
 * const goOn = async (path: string) => {
 *   const { study } = await importFromOptuna(path, "mine", storage, { strategy: tpe(), seed: 1 });
 *   return restoreStudy({ ...study.definition, trials: await study.trials() }, { strategy: tpe() }).ask();
 * };
 * ```
 */
export async function importFromOptuna(
  path: string,
  name: string,
  storage: StudyStorage,
  options: OptunaImportOptions = {},
): Promise<ImportedStudy> {
  checkOptions(options, "importFromOptuna", IMPORT);
  const { as = name, ...rest } = options;
  must(typeof name === "string", "name", "the name of a study of Optuna", name);
  const { study, settings, reports, notes } = await inFile(path, true, async (database) =>
    studyOf(await readStudy(database, name), rest),
  );
  const made = await storage.create(as, study, settings);
  try {
    for (const [number, each] of reports.entries())
      for (const report of each) await made.report(number, report);
  } catch (error) {
    await made.delete(); // all of it or nothing
    throw error;
  }
  return { study: made, notes };
}

async function inFile<R>(
  path: string,
  readOnly: boolean,
  work: (database: SqlDatabase) => Promise<R>,
): Promise<R> {
  must(typeof path === "string" && path !== "", "path", "the path of a file", path);
  const database = await openDatabase(path, { synchronous: "full", timeout: 10_000, readOnly });
  try {
    return await work(database);
  } catch (error) {
    // statements fail where tables have other columns
    if (isA(error, FettleError) || resultCodeOf(error) === undefined) throw error;
    const message = `Optuna does not make tables as those of ${show(path)}: ${messageOf(error)}`;
    throw new FettleError("damaged_record", message, { cause: error });
  } finally {
    database.close();
  }
}
