/**
 * Brings tables onto this machine: downloads the packages that ship them, unpacks them, and writes each
 * table, and its divisions, as CSV. All of it is in a folder that is not part of the repository.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check } from "../../src/errors.js";
import { cellsOf, divide } from "./split.js";
import { type BenchTable, REPOSITORY } from "./tables.js";

/** The files of one table and one seed. */
export interface Division {
  readonly train: string;
  readonly test: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Writes a table to `<folder>/<name>.csv`, unless it is there. @returns its path */
export function fetchTable(table: BenchTable, folder: string): string {
  const path = join(folder, `${table.name}.csv`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  if (table.package === REPOSITORY) copyFileSync(here(`../../${table.object}`), path);
  else exportFrom(unpack(table.package, folder), table, path);
  const { length } = cellsOf(readFileSync(path, "utf8"), table.target);
  check(length === table.rows, () => `${table.name} must have ${table.rows} rows; received ${length}`);
  return path;
}

/** The training and the test part of a table by a seed, written unless they are there. */
export function divideTable(table: BenchTable, seed: number, folder: string): Division {
  const parts = join(folder, "parts");
  mkdirSync(parts, { recursive: true });
  const [train, test] = ["train", "test"].map((part) => join(parts, `${table.name}-${seed}-${part}.csv`));
  if (!existsSync(train) || !existsSync(test)) {
    const text = readFileSync(fetchTable(table, folder), "utf8");
    const division = divide(text, table, seed);
    writeFileSync(train, division.train);
    writeFileSync(test, division.test);
  }
  return { train, test };
}

/** Downloads a package of Debian and unpacks it, unless it is there. @returns the folder of its files */
function unpack(name: string, folder: string): string {
  const root = join(folder, "packages", name);
  if (existsSync(root)) return root;
  const downloads = join(folder, "downloads");
  mkdirSync(downloads, { recursive: true });
  execFileSync("apt-get", ["download", "-qq", name], { cwd: downloads, stdio: "pipe" });
  const file = readdirSync(downloads).find((each) => each.startsWith(`${name}_`));
  check(file !== undefined, () => `apt-get download ${name} must bring a file; received none`);
  const unfinished = `${root}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  execFileSync("dpkg-deb", ["-x", join(downloads, file), unfinished], { stdio: "pipe" });
  renameSync(unfinished, root);
  return root;
}

function exportFrom(root: string, { object, target, drop }: BenchTable, path: string): void {
  const libraries = ["usr/lib/R/library", "usr/lib/R/site-library"].map((each) => join(root, each));
  const [data] = libraries
    .filter(existsSync)
    .flatMap((library) => readdirSync(library).map((name) => join(library, name, "data")));
  const columns = Object.keys(drop).join(",");
  execFileSync("Rscript", [here("export.R"), data, object, target, columns, path], { stdio: "pipe" });
}

/** The packages that were downloaded, with their versions, such as `r-cran-mass_7.3-65-1_amd64`. */
export function downloadedPackages(folder: string): string[] {
  const downloads = join(folder, "downloads");
  return existsSync(downloads) ? readdirSync(downloads).map((name) => name.replace(/\.deb$/, "")) : [];
}
