/**
 * Whether `fettle tune --seconds` ends in the time that it is given: the whole command, from its start to its
 * last file, on made tables of several sizes, 30 inputs each. Nothing else may run on the machine.
 *
 *     npm run bench:seconds                                                # 32 runs, about 15 minutes
 *     npm run bench:seconds -- --rows 1000000 --seconds 60 --jobs 2
 *
 * It ends with 1 if a run took more than a second longer than it was given, and had not said before it began
 * that it needs more.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { RandomStream } from "fettle";
import { positive } from "../flags.js";

const { values: options } = parseArgs({
  options: {
    /** Each separated by commas. */
    rows: { type: "string", default: "200,5000,50000,200000" },
    seconds: { type: "string", default: "5,10,30,60" },
    jobs: { type: "string", default: "1,2" },
  },
});
const list = (name: keyof typeof options): number[] =>
  options[name].split(",").map((text) => positive(name, text));

/** Milliseconds that a command may take longer than it was told. */
const GRACE = 1000;
const NUMBERS = 28;
const COLORS = ["red", "green", "blue", "black"];
const SHAPES = ["round", "square", "flat"];

const folder = mkdtempSync(join(tmpdir(), "bench-seconds-"));
const fettle = fileURLToPath(new URL("../../bin/fettle.js", import.meta.url));
let late = 0;
try {
  for (const rows of list("rows")) {
    const table = join(folder, `${rows}.csv`);
    await writeTable(table, rows);
    for (const seconds of list("seconds"))
      for (const jobs of list("jobs")) if (!run(table, rows, seconds, jobs)) late++;
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (late > 0) process.exitCode = 1;

/** A table whose two classes depend on some of 28 numbers and two words. */
async function writeTable(path: string, rows: number): Promise<void> {
  const random = new RandomStream(rows);
  const out = createWriteStream(path);
  const names = [...Array.from({ length: NUMBERS }, (_, j) => `x${j}`), "color", "shape", "y"];
  out.write(`${names.join(",")}\n`);
  for (let i = 0; i < rows; i++) {
    const x = Array.from({ length: NUMBERS }, () => random.normal());
    const [color, shape] = [COLORS, SHAPES].map((words) => words[random.integer(words.length)]);
    const score = x[0] * x[1] + Math.abs(x[2]) - x[3] + (color === "red" ? 1 : 0) + random.normal();
    const cells = [...x.map((each) => each.toFixed(4)), color, shape, score > 0.5 ? "yes" : "no"];
    if (!out.write(`${cells.join(",")}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
}

/** @returns whether it took no longer than it was given, or said that it needs more */
function run(table: string, rows: number, seconds: number, jobs: number): boolean {
  const out = join(folder, "study");
  const words = `tune ${table} --target y --seconds ${seconds} --jobs ${jobs} --out ${out} --overwrite`.split(
    " ",
  );
  const began = performance.now();
  const { status, stderr, stdout } = spawnSync(process.execPath, [fettle, ...words], { encoding: "utf8" });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}: ${stderr.slice(-2000)}`);
  const summary = JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
  const said = /the command needs about (\d+) seconds/.exec(stderr)?.[1];
  const isIn = took <= 1000 * seconds + GRACE || said !== undefined;
  const { members = [], untuned = {} } = summary.ensemble ?? {};
  const networks =
    members.reduce((sum: number, each: { networks: number }) => sum + each.networks, 0) +
    Object.values<number>(untuned).reduce((sum, each) => sum + each, 0);
  const { logLoss = {} } = summary.baselines?.scores ?? {};
  console.log(
    [
      `${rows} rows, ${seconds} s, ${jobs} jobs: ${(took / 1000).toFixed(2)} s${isIn ? "" : ", LATE"}`,
      `${summary.trials} trials, ${Math.max(1, networks)} networks`,
      ...(summary.repeat?.searchRows ? [`trials on ${summary.repeat.searchRows} rows`] : []),
      ...(/cut|epochs of/.test(stdout) && summary.shortened
        ? [`final ${JSON.stringify(summary.shortened)}`]
        : []),
      `log loss ${Number(summary.test.logLoss).toFixed(4)} (linear ${Number(logLoss.linear).toFixed(4)})`,
      ...(said === undefined ? [] : [`said that it needs ${said} s`]),
    ].join("; "),
  );
  return isIn;
}
