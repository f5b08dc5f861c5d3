/** Studies to and from Optuna's SQLite files. `store/optuna/` converts their contents. */
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

/** Options of an export. */
export interface OptunaExportOptions {
  /** The name of the study there. Default: its own. */
  readonly as?: string;
}

/** Options of an import. */
export interface OptunaImportOptions extends OptunaImport {
  /** The name of the study here. Default: that of Optuna. */
  readonly as?: string;
}

/** An imported study. */
export interface ImportedStudy {
  readonly study: StoredStudy;
  /** Notes on decisions and on skipped data. */
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
 * Writes a study into a file that Optuna (3.2 and later) opens:
 * `optuna.load_study(study_name=…, storage="sqlite:///…")`. Its trials have the same numbers, states,
 * parameters, values, intermediate values and attributes; diverged trials become failed ones.
 * {@link importFromOptuna} imports further trials of Optuna.
 *
 * @param path - of the file, which is created if it does not exist; other studies in it stay
 * @returns notes on data that Optuna cannot represent
 * @throws FettleError `conflict` if the file has a study with that name; `invalid_argument` for a file of
 * another program; `invalid_checkpoint` for one of another release of Optuna; and as `sqliteStorage`
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
 * Copies a study from a file of Optuna (3.2 and later) into a storage, where `recordStudy`, or `restoreStudy`
 * and `ask`, can resume it. Its space is inferred from the distributions of its trials: the widest of a
 * changed range, and for a parameter that some trials lack, the condition that determines which. Trials
 * outside the space are skipped, such as those that failed before all parameters were suggested. Nothing in
 * the file is trusted, and the file is not changed.
 *
 * @param path - of the file of Optuna
 * @param name - of the study there
 * @throws FettleError `not_found` without a file, or without a study with that name in it; `invalid_space`
 * for parameters that no space describes;
 * `damaged_record` for rows that Optuna does not write; `conflict` if the storage has a study of the name;
 * and as `exportToOptuna`
 * @example
 * ```ts
 * const storage = memoryStorage();
 * const resume = async (path: string) => {
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
    await storage.delete(as); // all of it or nothing
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
    // statements fail if tables have other columns
    if (isA(error, FettleError) || resultCodeOf(error) === undefined) throw error;
    const message = `Optuna does not create tables like those of ${show(path)}: ${messageOf(error)}`;
    throw new FettleError("damaged_record", message, { cause: error });
  } finally {
    database.close();
  }
}
