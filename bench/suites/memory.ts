/**
 * What a study needs at its peak, against the 128 MB that an edge runtime gives a program: 50 trials on
 * breast-cancer in a process of its own. Then what more of it costs: 100,000 trials, a table of 1,000,000
 * rows on four threads, a dashboard that stays open for a day. Node itself, as an idle process measures it,
 * is not counted. Fettle is loaded as built, from `dist/`.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { inTurns, median } from "../measure.js";
import { plainRow, type Row } from "../row.js";

const ROUNDS = 3;
const BUDGET = 128;

/** Bytes, as a program prints them. */
interface Memory {
  readonly peak: number;
  /** The most that JavaScript's heap held when a trial ended. */
  readonly heap: number;
  /** All memories of WebAssembly, which never shrink. */
  readonly wasm: number;
  /** What the heap keeps more than at the beginning, after collections. */
  readonly kept: number;
}

/**
 * Ends in a line of JSON. A script and no module, since threads start with the options of their process, and
 * `--input-type` is refused for a thread that runs a file. On Linux `maxRSS` begins with the size of the
 * process that started this one, so the peak comes from /proc there.
 */
const program = (study: string): string => `(async () => {
const { existsSync, readFileSync } = require("node:fs");
const memories = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, args) {
    const instance = new Instance(...args);
    memories.push(instance.exports.memory);
    return instance;
  },
});
let heap = 0;
const look = () => { heap = Math.max(heap, process.memoryUsage().heapUsed); };
look();
const held = () => { gc(); return process.memoryUsage().heapUsed; };
let [before, kept] = [0, 0];
${study}
const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
const status = "/proc/self/status";
const peak = existsSync(status)
  ? Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync(status, "utf8"))[1])
  : process.resourceUsage().maxRSS;
console.log(JSON.stringify({ peak: peak * 1024, heap, wasm, kept }));
})()`;

/** The address of a file of the repository, as JavaScript writes it. */
const url = (path: string): string => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);

const study = (jobs: number): string => `
const { denseModel, denseParams, denseSpace, encodeTable, readTable, tune } =
  await import(${url("dist/index.js")});
const csv = readFileSync(new URL(${url("examples/data/breast-cancer.csv")}), "utf8");
const data = encodeTable(readTable(csv), { target: "diagnosis" });
const { trials } = await tune({
  data,
  space: denseSpace(Math.floor(data.rows * 0.8)),
  model: (params) => denseModel(data, params),
  fit: (params) => ({ batchSize: denseParams(params).batchSize }),
  trials: 50,
  jobs: ${jobs},
  onEvent: look,
});
const failed = trials.find(({ status }) => status === "failed");
if (failed) throw new Error(failed.error);
`;

/** The result is held while its memory is measured. */
const manyTrials = (trials: number): string => `
const { float, random, tune } = await import(${url("dist/node/index.js")});
before = held();
const result = await tune({
  space: { a: float(-5, 5), b: float(-5, 5), c: float(-5, 5), d: float(-5, 5) },
  objective: ({ a, b, c, d }) => a * a + b * b + (c - d) ** 2 + d * d,
  direction: "minimize",
  strategy: random(),
  trials: ${trials},
});
kept = held() - before;
if (result.trials.length !== ${trials}) throw new Error("trials are missing");
`;

const largeTable = (rows: number, columns: number, jobs: number): string => `
const { adam, dense, float, random, sequential, tune } = await import(${url("dist/node/index.js")});
const x = { data: Float32Array.from({ length: ${rows * columns} }, (_, i) => ((i * 7919) % 1009) / 1009), shape: [${rows}, ${columns}] };
const y = Float32Array.from({ length: ${rows} }, (_, i) => x.data[i * ${columns}] > 0.5);
const { trials } = await tune({
  x,
  y,
  task: "classification",
  space: { learningRate: float(1e-3, 1e-1, { log: true }) },
  strategy: random(),
  trials: ${jobs},
  jobs: ${jobs},
  fit: { epochs: 1, batchSize: 1024 },
  validation: { split: 0.2 },
  model({ learningRate }) {
    const model = sequential([dense(16, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
    return model;
  },
});
const failed = trials.find(({ status }) => status !== "complete");
if (failed) throw new Error(failed.error);
`;

/** The page looks each second, which passes at once here; all looks of the first hour come before. */
const openDashboard = (seconds: number): string => `
const { float, random, tune } = await import(${url("dist/index.js")});
const { memoryStorage, recordStudy } = await import(${url("dist/store/index.js")});
const { storageSource } = await import(${url("dist/dashboard/storageSource.js")});
const storage = memoryStorage();
const { onEvent, saved } = await recordStudy(storage, "open");
const space = { a: float(0, 1) };
await tune({ space, objective: ({ a }) => a, direction: "minimize", strategy: random(), trials: 1000, onEvent });
await saved();
globalThis.setTimeout = (work) => void setImmediate(work);
let looks = 0;
await new Promise((resolve) => {
  const studies = storage.studies.bind(storage);
  storage.studies = () => {
    looks++;
    if (looks === 3600) before = held();
    if (looks === ${seconds}) {
      kept = held() - before;
      stop();
      resolve();
    }
    return studies();
  };
  let stop;
  storageSource(storage, "memory", false).open("open").then((study) => {
    stop = study.follow(() => {}, (error) => { throw error; });
  });
});
`;

export async function* memory(): AsyncIterable<Row> {
  const idle = program("");
  yield* growth(memoryOf(idle).peak);
  for (const jobs of availableParallelism() > 1 ? [1, 2] : [1]) {
    const runs: Memory[] = [];
    const peaks = await inTurns(
      {
        idle: () => memoryOf(idle).peak,
        study() {
          const run = memoryOf(program(study(jobs)));
          runs.push(run);
          return run.peak;
        },
      },
      ROUNDS,
    );
    const where = { suite: "memory", size: `50 trials, jobs ${jobs}` };
    const row = (name: string, bytes: number): Row =>
      plainRow({ ...where, name }, "MB", bytes / 1e6, "budget", BUDGET);
    yield row("peak less Node's", median(peaks.study) - median(peaks.idle));
    yield row("peak with Node's", median(peaks.study));
    // Other threads have their own.
    if (jobs > 1) continue;
    yield row("heap at most, between trials", median(runs.map(({ heap }) => heap)));
    yield row("WebAssembly", median(runs.map(({ wasm }) => wasm)));
  }
}

/** What more trials, more rows and more time cost, each once. */
function* growth(idle: number): Iterable<Row> {
  const row = (name: string, size: string, unit: string, value: number): Row =>
    plainRow({ suite: "memory", name, size }, unit, value);
  const trials = 100_000;
  const many = memoryOf(program(manyTrials(trials)));
  yield row("peak less Node's", "100,000 trials", "MB", (many.peak - idle) / 1e6);
  yield row("kept", "100,000 trials", "B/trial", many.kept / trials);
  for (const jobs of [1, 4]) {
    const { peak } = memoryOf(program(largeTable(1e6, 30, jobs)));
    yield plainRow(
      { suite: "memory", name: "peak less Node's", size: `1e6 x 30, jobs ${jobs}` },
      "MB",
      (peak - idle) / 1e6,
      "the table",
      120,
    );
  }
  const day = memoryOf(program(openDashboard(86_400)));
  yield row("kept in a day", "dashboard, 1,000 trials", "MB", day.kept / 1e6);
}

/** Runs a program in a new process and returns what it prints last. */
function memoryOf(program: string): Memory {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", "--eval", program], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the program that is measured failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
