/**
 * Fills `.runtimes/` at the root: the runtimes at exact versions, and in `app/` a project
 * as a user has it, with the package as npm packs it and the smoke program. The root's own
 * `node_modules` and lock file stay as they are.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = join(root, ".runtimes");
/** Where the smoke program runs. */
export const app = join(home, "app");

/** The last miniflare for Node 20; esbuild bundles the worker, as it does inside wrangler. */
const TOOLS = { miniflare: "4.20260426.0", deno: "2.9.6", bun: "1.4.5", esbuild: "0.28.2" };

/** A path inside a package of `.runtimes/`. */
export function inTool(name, ...path) {
  return join(home, "node_modules", name, ...path);
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
 * Installs the tools that are not there at their versions, and the package as it is built now.
 *
 * @throws Error if npm fails, as without a network at the first run
 */
export function install() {
  project(home, TOOLS);
  project(app, {});
  if (Object.entries(TOOLS).some(([name, version]) => versionOf(name) !== version)) npm("install", home);
  for (const name of ["smoke.js", "main.js", "worker.js"]) {
    cpSync(fileURLToPath(new URL(name, import.meta.url)), join(app, name));
  }
  // Without its scripts, as the npm script that runs this has built the package already.
  const [{ filename }] = JSON.parse(
    npm("pack", root, "--ignore-scripts", "--json", "--pack-destination", home),
  );
  npm("install", app, "--no-save", "--prefer-offline", join(home, filename));
}

/** A folder with a manifest, cut off from the root's `tsconfig.json`, whose `paths` lead Bun and esbuild to the sources. */
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
