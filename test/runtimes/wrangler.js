/**
 * The Cloudflare example as wrangler bundles it, from the package as npm packs it: how much a Worker uploads,
 * and that it runs a study on workerd.
 */
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { Miniflare } from "miniflare";
import { app, installPackages, inTool, versionOf } from "./install.js";

const example = fileURLToPath(new URL("../../examples/cloudflare", import.meta.url));
/** kB, gzipped, of everything that is uploaded. */
const MOST = 267;
const TOKEN = "a token of the check";

export const wranglerCheck = {
  name: "wrangler",
  install: () => installPackages({ wrangler: "4.86.0" }),
  version: () => versionOf("wrangler"),
  /**
   * @returns {Promise<string>} what was found
   * @throws Error if it is over the bound, or does not run
   */
  async run() {
    const project = join(app, "cloudflare");
    rmSync(project, { recursive: true, force: true });
    cpSync(example, project, { recursive: true });
    const sizes = [];
    for (const config of ["wrangler.jsonc", "wrangler.parallel.jsonc"]) {
      const out = join(project, "out", config);
      deploy(project, config, out);
      const size =
        filesOf(out).reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0) / 1000;
      if (size > MOST)
        throw new Error(`${config} uploads ${size.toFixed(1)} kB gzipped, the bound is ${MOST}`);
      sizes.push(size);
    }
    const finished = await study(join(project, "out/wrangler.jsonc"));
    if (finished !== 3) throw new Error(`a study of 3 trials did ${finished}`);
    const [alone, parallel] = sizes.map((size) => size.toFixed(1));
    return `uploads ${alone} kB gzipped, with a queue ${parallel}, kernels and table included; its bundle runs a study`;
  },
};

function deploy(project, config, out) {
  const words = ["deploy", "--dry-run", "--config", config, "--outdir", out];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [inTool("wrangler", "bin/wrangler.js"), ...words],
    {
      cwd: project,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true", NO_COLOR: "1" },
      encoding: "utf8",
      timeout: 120_000,
    },
  );
  if (status !== 0) throw new Error(`wrangler failed on ${config}\n${stdout}${stderr}`);
  if (/WARNING/.test(stdout + stderr)) throw new Error(`wrangler warns of ${config}\n${stdout}${stderr}`);
}

/** What is uploaded: the script, and the modules beside it. */
function filesOf(out) {
  const names = readdirSync(out).filter((name) => !/\.map$|^README\.md$/.test(name));
  return names.map((name) => ({ path: join(out, name), contents: readFileSync(join(out, name)) }));
}

async function study(out) {
  const typeOf = (path) =>
    path.endsWith(".wasm") ? "CompiledWasm" : path.endsWith(".csv") ? "Text" : "ESModule";
  const modules = filesOf(out).map((file) => ({ ...file, type: typeOf(file.path) }));
  const worker = new Miniflare({
    modules: modules.sort((a) => (a.type === "ESModule" ? -1 : 1)),
    modulesRoot: out,
    compatibilityDate: "2026-04-01",
    cf: false,
    bindings: { FETTLE_TOKEN: TOKEN },
    durableObjects: { STUDIES: { className: "StudyObject", useSQLite: true } },
  });
  try {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const ask = (path, init = {}) =>
      worker.dispatchFetch(`http://localhost/studies/a${path}`, { headers, ...init });
    const body = JSON.stringify({ trials: 3, epochs: 2, strategy: "gp" });
    const started = await ask("", { method: "POST", body });
    if (started.status !== 201) throw new Error(`the study was not started: ${await started.text()}`);
    await (await ask("/events")).text(); // until it has ended
    return (await (await ask("")).json()).finished;
  } finally {
    await worker.dispose();
  }
}
