/**
 * What a study needs at its peak, against the 128 MB that an edge runtime gives a program: 50 trials on
 * breast-cancer in a process of its own. Node itself, as an idle process measures it, is not counted.
 * Fettle is loaded as built, from `dist/`.
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
${study}
const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
const status = "/proc/self/status";
const peak = existsSync(status)
  ? Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync(status, "utf8"))[1])
  : process.resourceUsage().maxRSS;
console.log(JSON.stringify({ peak: peak * 1024, heap, wasm }));
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

export async function* memory(): AsyncIterable<Row> {
  const idle = program("");
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

/** Runs a program in a new process and returns what it prints last. */
function memoryOf(program: string): Memory {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--eval", program], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the program that is measured failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
