/** `fettle studies export --optuna` and `fettle studies import`: studies to Optuna's files and back. */
import { check } from "../errors.js";
import { defined } from "../options.js";
import { count } from "../report/format.js";
import type { StoredStudy } from "../store/storage.js";
import { isThere } from "./files.js";
import { type FlagsOf, integer, required, text } from "./flags.js";
import { checkFile } from "./output.js";
import { openStorage, withoutWarnings } from "./storageFile.js";
import { readSpace, STRATEGIES, strategyOf } from "./strategyFlags.js";
import { note, printLines } from "./streams.js";

export const IMPORT = {
  optuna: required(text("<file.db>", "the database file of Optuna, which is not changed")),
  study: required(text("<name>", "the name of the study in Optuna")),
  as: text("<name>", "its name in the storage (default: the same)"),
  space: text("<file.json>", "its space (default: inferred from its trials)"),
  strategy: text("<name>", `how further points are suggested: ${STRATEGIES.join(", ")}`),
  seed: integer(0)("<n>", "random seed"),
};
type ImportFlags = FlagsOf<typeof IMPORT> & { readonly storage: string };

/** Writes a study into a file of Optuna. */
export async function exportOptuna(study: StoredStudy, path: string, as = study.name): Promise<void> {
  checkFile(path);
  const { exportToOptuna } = await import("../store/sqlite/optuna.js");
  tell(await withoutWarnings(() => exportToOptuna(study, path, { as })));
  printLines([`Written: ${path}`]);
}

export async function importOptuna({
  storage: path,
  optuna,
  study,
  as,
  ...flags
}: ImportFlags): Promise<void> {
  check(isThere(optuna), () => `there is no file ${JSON.stringify(optuna)}`, "not_found");
  const { space, strategy, seed } = flags;
  const options = defined({
    as,
    seed,
    strategy: strategy === undefined ? undefined : await strategyOf({ strategy }, 1),
    space: space === undefined ? undefined : readSpace(space),
  });
  const { importFromOptuna } = await import("../store/sqlite/optuna.js");
  // many writes, all of which can be repeated
  const storage = await openStorage(path, "create", "normal");
  try {
    const made = await withoutWarnings(() => importFromOptuna(optuna, study, storage, options));
    tell(made.notes);
    const { length } = await made.study.trials(false);
    printLines([`Imported: ${count(length, "trial")}`]);
  } finally {
    await storage.close();
  }
}

function tell(notes: readonly string[]): void {
  for (const each of notes) note(`note: ${each}`);
}
