/**
 * From import to the first trained step, in a new process each time, and once more in the same process. A
 * program is a file, as users' are: with `--eval`, the import is slower. The time that Node itself takes to
 * start is not counted. Fettle is loaded as built for Node, from `dist/node/`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Timing } from "../measure.js";
import type { Peers } from "../peers.js";
import { type Row, speedRow } from "../row.js";

const ROUNDS = 9;

/**
 * Ends in a line of two times in milliseconds: the first step from before the import on, and that of the same
 * model made anew.
 */
const ours = `
const start = performance.now();
const { adam, dense, sequential } = await import(${JSON.stringify(new URL("../../dist/node/index.js", import.meta.url).href)});
async function trainOneStep() {
  const model = sequential([dense(64, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: adam(), loss: "binaryCrossentropy" });
  await model.fit(x, y, { epochs: 1, batchSize: 32 });
}
const x = Array.from({ length: 32 }, (_, i) => Array.from({ length: 100 }, (_, j) => Math.sin(i * 100 + j)));
const y = x.map((_, i) => i % 2);
await trainOneStep();
const first = performance.now();
await trainOneStep();
console.log(first - start, performance.now() - first);
`;

const tfjs = (require: NodeJS.Require): string => `
const start = performance.now();
const tf = (await import(${JSON.stringify(require.resolve("@tensorflow/tfjs-core"))})).default;
const layers = (await import(${JSON.stringify(require.resolve("@tensorflow/tfjs-layers"))})).default;
const wasm = (await import(${JSON.stringify(require.resolve("@tensorflow/tfjs-backend-wasm"))})).default;
wasm.setThreadsCount(1);
await tf.setBackend("wasm");
async function trainOneStep() {
  const model = layers.sequential({ layers: [
    layers.layers.dense({ units: 64, activation: "relu", inputShape: [100] }),
    layers.layers.dense({ units: 1, activation: "sigmoid" }),
  ] });
  model.compile({ optimizer: tf.train.adam(), loss: "binaryCrossentropy" });
  await model.fit(x, y, { epochs: 1, batchSize: 32, verbose: 0 });
}
const x = tf.randomNormal([32, 100]);
const y = tf.zeros([32, 1]);
await trainOneStep();
const first = performance.now();
await trainOneStep();
console.log(first - start, performance.now() - first);
`;

export async function* startup({ tf }: Peers): AsyncIterable<Row> {
  const folder = mkdtempSync(join(tmpdir(), "fettle-startup-"));
  const sources = tf ? [ours, tfjs(createRequire(import.meta.url))] : [ours];
  const programs = sources.map((source, i) => {
    const file = join(folder, `${i}.mjs`);
    writeFileSync(file, source);
    return file;
  });
  const times: number[][][] = programs.map(() => [[], []]);
  try {
    for (let round = 0; round < ROUNDS; ++round) {
      programs.forEach((program, i) => {
        millisecondsOf(program).forEach((time, j) => void times[i][j].push(time / 1000));
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const timing = (program: number, part: number): Timing | undefined =>
    times[program] && { seconds: times[program][part], amount: 1 };
  for (const [part, name] of ["cold: import to first step", "warm: the same anew"].entries()) {
    const where = { suite: "startup", name, size: "100→64→1 × 32" };
    yield speedRow(where, "ms", timing(0, part)!, "tfjs-wasm, layers", timing(1, part));
  }
}

/** Runs a program in a new process and returns the numbers that it prints last. */
function millisecondsOf(program: string): number[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the program that is timed failed:\n${stderr}`);
  return stdout.trim().split("\n").at(-1)!.split(" ").map(Number);
}
