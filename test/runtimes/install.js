/**
 * Fills `.runtimes/` at the root: runtimes and what drives them at exact versions, and in `app/` a project as
 * a user has it, with the package as npm packs it and the program. The root's own `node_modules` and lock
 * file stay as they are. Browsers are Debian's, since npm has none.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = join(root, ".runtimes");
/** Where the program runs. */
export const app = join(home, "app");

/** A path inside a package of `.runtimes/`. */
export function inTool(name, ...path) {
  return join(home, "node_modules", name, ...path);
}

/** A package that only `.runtimes/` has. */
export function importTool(name) {
  return import(pathToFileURL(createRequire(inTool(name, "package.json")).resolve(name)).href);
}

/** The installed version of a package of `.runtimes/`, or undefined. */
export function versionOf(name) {
  try {
    return JSON.parse(readFileSync(inTool(name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}

/**
 * Installs the package as it is built now, with the program, in `app/`.
 *
 * @throws Error if npm fails
 */
export function installApp() {
  project(home, dependenciesOf(home));
  project(app, {});
  cpSync(fileURLToPath(new URL("program", import.meta.url)), app, { recursive: true });
  // Without its scripts, as the npm script that runs this has built the package already.
  const [{ filename }] = JSON.parse(
    npm("pack", root, "--ignore-scripts", "--json", "--pack-destination", home),
  );
  npm("install", app, "--no-save", "--prefer-offline", join(home, filename));
}

/**
 * Installs packages that are not there at their versions, beside those that are.
 *
 * @param packages - `{ name: version }`, or `{ name: "npm:package@version" }` for a package under another
 * name
 * @throws Error if npm fails, as without a network at the first run
 */
export function installPackages(packages) {
  const lacks = ([name, version]) => versionOf(name) !== version.split("@").at(-1);
  if (!Object.entries(packages).some(lacks)) return;
  const before = dependenciesOf(home);
  try {
    project(home, { ...before, ...packages });
    npm("install", home);
  } catch (error) {
    project(home, before);
    throw error;
  }
}

function dependenciesOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).dependencies;
  } catch {
    return {};
  }
}

/**
 * The path of a browser, which apt-get installs if it is missing and this may do so.
 *
 * @param names - its commands, the package's own name first
 * @throws Error where it is not there and cannot be installed
 */
export function installBrowser(names) {
  const found = onPath(names);
  if (found) return found;
  const [name] = names;
  const may = process.getuid?.() === 0 && onPath(["apt-get"]);
  if (!may)
    throw new Error(`none of ${names.join(", ")} is on the path, and only root on Debian can install it`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const words of [["update"], ["install", "--yes", "--no-install-recommends", name]]) {
    const { status, stderr } = spawnSync("apt-get", words, { env: environment, encoding: "utf8" });
    if (status !== 0) throw new Error(`apt-get ${words.join(" ")} failed\n${stderr}`);
  }
  return onPath(names) ?? join("/usr/bin", name);
}

/** The first of some commands that is there. */
function onPath(names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * A folder with a manifest, cut off from the root's `tsconfig.json`, whose `paths` lead Bun and esbuild to
 * the sources.
 */
function project(folder, dependencies) {
  mkdirSync(folder, { recursive: true });
  const manifest = { private: true, type: "module", dependencies };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, "tsconfig.json"), "{}\n");
}

/** Runs npm in a folder, with no lock file, and returns its standard output. */
function npm(command, folder, ...args) {
  const options = ["--prefix", folder, "--no-package-lock", "--loglevel=error", "--fetch-retries=1"];
  const { status, stdout, stderr, error } = spawnSync("npm", [command, ...options, ...args], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return stdout;
  throw new Error(`npm ${command} failed; the first run needs a network\n${error?.message ?? stderr}`);
}
