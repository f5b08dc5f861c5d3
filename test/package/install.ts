/** The package as users get it: packed by npm, then installed in an empty folder. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  exports: Record<string, string | Record<string, string>>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
  allowScripts: Record<string, boolean>;
};

/** A temporary folder with the package installed. */
export interface Installation {
  readonly temporary: string;
  readonly tarball: string;
  /** The user's project. */
  readonly user: string;
  /** The package in it. */
  readonly installed: string;
  /** What `npm install` wrote to standard error. */
  readonly warnings: string;
  remove(): void;
}

/** Packs `dist/` as it is, since a second build could disturb other tests, and installs it. */
export async function installPackage(): Promise<Installation> {
  const temporary = mkdtempSync(join(tmpdir(), "fettle-package-"));
  const user = join(temporary, "user");
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", temporary];
  const [{ filename }] = JSON.parse((await run("npm", pack, root)).stdout) as { filename: string }[];
  const tarball = join(temporary, filename);
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), '{ "private": true }\n');
  const options = ["--prefer-offline", "--no-audit", "--no-fund"];
  const { stderr: warnings } = await run("npm", ["install", ...options, tarball], user);
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  return { temporary, tarball, user, installed: join(user, "node_modules/fettle"), warnings, remove };
}

/** Runs a command and returns its output. Rejects if its exit code is not 0. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(command, args, { cwd, maxBuffer: 1e8 });
}

/** Runs a command and returns its exit code and output. */
export async function ended(command: string, args: readonly string[], cwd: string) {
  try {
    return { code: 0, ...(await run(command, args, cwd)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** The files in a folder and below, as paths from it. */
export function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}
