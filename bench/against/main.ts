/**
 * What users run, by the working tree and by another commit, in turns: each row of each build in a process of
 * its own, the first of a turn alternating. Ratios of turns count; nothing else may run on the machine.
 *
 *     npm run bench:against -- HEAD~10                       # every row, 5 turns
 *     npm run bench:against -- v0.1.0 "seed's grid, 1 thread" --turns 9
 *
 * The other commit is built once, in a folder beside other temporary files.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { check, unknownName } from "../../src/errors.js";
import { positive } from "../flags.js";
import { median } from "../measure.js";
import { ROWS } from "./rows.js";

const { values, positionals } = parseArgs({
  options: { turns: { type: "string", default: "5" } },
  allowPositionals: true,
});
const [commit, ...chosen] = positionals;
check(commit !== undefined, "a commit must be given, as in npm run bench:against -- HEAD~10");
for (const name of chosen) if (!Object.hasOwn(ROWS, name)) throw unknownName("row", name, Object.keys(ROWS));
const turns = positive("turns", values.turns);

const here = fileURLToPath(new URL("../..", import.meta.url));
const id = execFileSync("git", ["rev-parse", "--short=12", `${commit}^{commit}`], {
  encoding: "utf8",
  cwd: here,
}).trim();
const builds = [buildOf(id), here] as const;

console.log(`${"".padEnd(42)}${id.padStart(13)}${"now".padStart(11)}   ratio   of each turn`);
for (const name of chosen.length > 0 ? chosen : Object.keys(ROWS)) {
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn++)
    for (const which of turn % 2 === 0 ? [0, 1] : [1, 0]) times[which].push(timeOf(builds[which], name));
  const ratios = times[1].map((now, turn) => now / times[0][turn]);
  const [before, now] = times.map((all) => median(all).toFixed(1));
  const each = ratios.map((ratio) => ratio.toFixed(2)).join(" ");
  console.log(
    `${`${name}, ${ROWS[name].unit}`.padEnd(42)}${before.padStart(13)}${now.padStart(11)}${median(ratios).toFixed(2).padStart(8)}   ${each}`,
  );
}

/** NaN for a build without what the row uses; the reason goes to standard error. */
function timeOf(root: string, name: string): number {
  const program = fileURLToPath(new URL("row.ts", import.meta.url));
  const run = spawnSync(process.execPath, ["--import", "tsx", program, root, name], {
    encoding: "utf8",
    cwd: here,
  });
  if (run.status === 0) return Number(run.stdout.trim().split("\n").at(-1));
  const reason = run.stderr.split("\n").find((line) => line.includes("Error")) ?? `exit ${run.status}`;
  console.error(`${name}, ${root === here ? "now" : id}: ${reason.trim()}`);
  return Number.NaN;
}

/** The folder of a commit, built. */
function buildOf(commit: string): string {
  const folder = join(tmpdir(), `fettle-${commit}`);
  if (existsSync(join(folder, "dist/node/index.js"))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync("git", ["archive", commit], { cwd: here, maxBuffer: 2 ** 30 });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  for (const words of [
    ["ci", "--silent"],
    ["run", "-s", "build"],
  ])
    execFileSync("npm", words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return folder;
}
