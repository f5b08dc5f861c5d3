/**
 * What users run, each with the code of one build: `time` returns how long it took, in the row's unit. A row
 * uses what the public entries had when it was written; of an older commit without it, there is no figure.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { median } from "../measure.js";
import { pageTime } from "./page.js";

type Fettle = typeof import("../../src/index.js");

/** A commit's code, built. */
export class Build {
  constructor(readonly root: string) {}

  /** A file of its `dist/node/`. */
  load<Module>(file: string): Promise<Module> {
    return import(pathToFileURL(join(this.root, "dist/node", file)).href);
  }

  /** Starts its command line. */
  start(words: string): ChildProcess {
    return spawn(process.execPath, [join(this.root, "bin/fettle.js"), ...words.split(" ")], {
      stdio: "ignore",
    });
  }

  table(fettle: Fettle, name: string, target: string) {
    const text = readFileSync(join(this.root, "examples/data", name), "utf8");
    return fettle.encodeTable(fettle.readTable(text), { target });
  }
}

/** A line of the benchmark. */
interface Row {
  readonly unit: "ms" | "µs";
  time(build: Build): Promise<number>;
}

const library =
  (work: (fettle: Fettle, build: Build) => Promise<number>) =>
  async (build: Build): Promise<number> =>
    work(await build.load<Fettle>("index.js"), build);

/** Milliseconds of the median of some calls, after one that is not counted. */
async function timed(work: () => unknown, times: number): Promise<number> {
  await work();
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await work();
    all.push(performance.now() - began);
  }
  return median(all);
}

/** Milliseconds until a command ends. */
async function commandTime(child: ChildProcess): Promise<number> {
  const began = performance.now();
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`a command ended with ${code}`);
  return performance.now() - began;
}

/** A folder that is removed afterwards. */
async function inFolder(work: (folder: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "bench-against-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Numbers in [0, 1), the same in every process. */
function uniform(): () => number {
  let state = 7;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
}

function dense(
  { dense, sequential }: Fettle,
  units: readonly number[],
  last: "sigmoid" | "softmax" = "sigmoid",
): ReturnType<Fettle["sequential"]> {
  const activation = (i: number) => (i < units.length - 1 ? "relu" : last);
  return sequential(units.map((count, i) => dense(count, { activation: activation(i) })));
}

function seedGrid(fettle: Fettle, build: Build, jobs: number) {
  const { choice, grid, sgd, tune } = fettle;
  return tune({
    data: build.table(fettle, "breast-cancer.csv", "diagnosis"),
    strategy: grid(),
    jobs,
    fit: { epochs: 10, batchSize: 32 },
    validation: { folds: 3 },
    space: {
      learningRate: choice([1e-4, 1e-3, 1e-2, 1e-1, 1]),
      momentum: choice([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99]),
      weightDecay: choice([0, 1e-4, 1e-3, 1e-2, 1e-1]),
    },
    model: (params) => {
      const model = dense(fettle, [64, 1]);
      model.compile({ optimizer: sgd(params), loss: "binaryCrossentropy" });
      return model;
    },
  });
}

function wine(fettle: Fettle, build: Build) {
  const { adam, float, int, tune } = fettle;
  return tune({
    data: build.table(fettle, "wine.csv", "cultivar"),
    trials: 30,
    jobs: 2,
    fit: { epochs: 20 },
    testSize: 0.2,
    space: { units: int(8, 64, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) },
    model: ({ units, learningRate }) => {
      const model = dense(fettle, [units, 3], "softmax");
      model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
      return model;
    },
  });
}

/** Options of a study of a function of four numbers. */
const bowl = ({ float }: Fettle, trials: number) => ({
  space: { a: float(-5, 5), b: float(-5, 5), c: float(-5, 5), d: float(-5, 5) },
  objective: ({ a, b, c, d }: Record<"a" | "b" | "c" | "d", number>) => a * a + b * b + (c - d) ** 2 + d * d,
  direction: "minimize" as const,
  trials,
});

/** Microseconds of a training step of a dense network. */
async function step(fettle: Fettle, inputs: number, units: readonly number[], epochs: number) {
  const [batchSize, batches] = [32, 20];
  const rows = batchSize * batches;
  const random = uniform();
  const outputs = units[units.length - 1];
  const x = {
    data: Float32Array.from({ length: rows * inputs }, () => random() - 0.5),
    shape: [rows, inputs],
  };
  const y = Array.from({ length: rows }, () => {
    const label = Math.floor(random() * Math.max(2, outputs));
    return outputs === 1 ? [label] : Array.from({ length: outputs }, (_, j) => Number(j === label));
  });
  const model = dense(fettle, units, outputs === 1 ? "sigmoid" : "softmax");
  model.compile({
    optimizer: "adam",
    loss: outputs === 1 ? "binaryCrossentropy" : "categoricalCrossentropy",
  });
  const milliseconds = await timed(() => model.fit(x, y, { epochs, batchSize, seed: 1 }), 5);
  return (1000 * milliseconds) / (epochs * batches);
}

/** A trained network of 30 inputs, and a row. */
async function network(fettle: Fettle) {
  const random = uniform();
  const model = dense(fettle, [64, 1]);
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  const x = Array.from({ length: 200 }, () => Array.from({ length: 30 }, random));
  await model.fit(
    x,
    x.map(([first]) => Number(first > 0.5)),
    { epochs: 1 },
  );
  return { model, row: x[0], random };
}

const CALLS = 5000;
/** Microseconds of a call. */
const perCall = async (call: () => unknown): Promise<number> =>
  (1000 / CALLS) *
  (await timed(() => {
    for (let i = 0; i < CALLS; i++) call();
  }, 5));

async function readRows({ encodeTable, readTable }: Fettle): Promise<number> {
  const random = uniform();
  const cell = (j: number): string => (j % 5 === 4 ? "abc"[Math.floor(random() * 3)] : random().toFixed(5));
  const names = Array.from({ length: 20 }, (_, j) => `c${j}`);
  const lines = Array.from({ length: 20_000 }, () =>
    [...names.map((_, j) => cell(j)), random() < 0.5 ? "no" : "yes"].join(","),
  );
  const text = `${[...names, "y"].join(",")}\n${lines.join("\n")}\n`;
  return timed(() => encodeTable(readTable(text), { target: "y" }), 5);
}

/** From import to the first step, in a process without a loader; starting Node is not counted. */
const firstStep = (build: Build): Promise<number> =>
  inFolder(async (folder) => {
    const program = join(folder, "first.mjs");
    const entry = pathToFileURL(join(build.root, "dist/node/index.js")).href;
    writeFileSync(
      program,
      `const began = performance.now();
      const { dense, sequential } = await import(${JSON.stringify(entry)});
      const model = sequential([dense(4), dense(1)]);
      model.compile({ optimizer: "adam", loss: "meanSquaredError" });
      await model.fit([[1], [2]], [1, 2], { epochs: 1 });
      console.log(performance.now() - began);`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
    if (stdout === "") throw new Error(stderr);
    return Number(stdout);
  });

async function storedStudy(build: Build): Promise<number> {
  const fettle = await build.load<Fettle>("index.js");
  const { recordStudy } = await build.load<typeof import("../../src/store/index.js")>("store.js");
  const { sqliteStorage } =
    await build.load<typeof import("../../src/store/sqlite/index.js")>("storeSqlite.js");
  return inFolder(async (folder) => {
    const storage = await sqliteStorage(join(folder, "studies.db"));
    const began = performance.now();
    const recorder = await recordStudy(storage, "bowl");
    await fettle.tune({ ...bowl(fettle, 500), strategy: fettle.random(), onEvent: recorder.onEvent });
    await recorder.saved();
    const took = performance.now() - began;
    await storage.close();
    return took;
  });
}

/** A study whose trainings two worker processes do, after a first trial, with which the workers start. */
const sharedStudy = (build: Build): Promise<number> =>
  inFolder(async (folder) => {
    const where = `--storage ${join(folder, "studies.db")} --study shared`;
    const table = join(build.root, "examples/data/breast-cancer.csv");
    await commandTime(build.start(`tune ${table} --target diagnosis --trials 1 ${where}`));
    const workers = [1, 2].map(() => build.start(`worker ${where} --jobs 1 --wait`));
    try {
      return await commandTime(build.start(`tune ${where} --trials 21 --queue storage --jobs 0`));
    } finally {
      for (const worker of workers) worker.kill();
      await Promise.all(workers.map((worker) => worker.exitCode ?? once(worker, "exit")));
    }
  });

/** Requests of one row, one after another, with their client. */
async function served(build: Build): Promise<number> {
  const { model, row } = await network(await build.load<Fettle>("index.js"));
  const { saveModel } = await build.load<Fettle>("index.js");
  const { loadPredictor } = await build.load<typeof import("../../src/predict/index.js")>("predict.js");
  const { modelServer } = await build.load<typeof import("../../src/serve/index.js")>("serve.js");
  const { serveNode } = await build.load<typeof import("../../src/serve/node/index.js")>("serveNode.js");
  const token = "a secret of at least sixteen characters";
  const handler = modelServer(await loadPredictor(await saveModel(model)), { token });
  const server = await serveNode(handler, { port: 0 });
  const body = JSON.stringify(Object.fromEntries(row.map((value, i) => [`x${i}`, value])));
  const agent = new Agent({ keepAlive: true });
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-length": body.length,
  };
  const options = { agent, headers, method: "POST", path: "/predict", port: server.port };
  const ask = async (): Promise<void> => {
    const sent = request(options).end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`a served row: status ${answer.statusCode}`);
    answer.resume();
    await once(answer, "end");
  };
  try {
    const requests = 500;
    const all = await timed(async () => {
      for (let i = 0; i < requests; i++) await ask();
    }, 3);
    return (1000 * all) / requests;
  } finally {
    agent.destroy();
    await server.close();
  }
}

export const ROWS: Readonly<Record<string, Row>> = {
  "seed's grid, 1 thread": { unit: "ms", time: library((f, build) => timed(() => seedGrid(f, build, 1), 3)) },
  "seed's grid, 2 threads": {
    unit: "ms",
    time: library((f, build) => timed(() => seedGrid(f, build, 2), 3)),
  },
  "30 gp trials on wine": { unit: "ms", time: library((f, build) => timed(() => wine(f, build), 2)) },
  "200 gp trials of a function": {
    unit: "ms",
    time: library((f) => timed(() => f.tune({ ...bowl(f, 200), strategy: f.gp() }), 1)),
  },
  "2,000 tpe trials of a function": {
    unit: "ms",
    time: library((f) => timed(() => f.tune({ ...bowl(f, 2000), strategy: f.tpe() }), 1)),
  },
  "10,000 random trials of a function": {
    unit: "ms",
    time: library((f) => timed(() => f.tune({ ...bowl(f, 10_000), strategy: f.random() }), 1)),
  },
  "500 random trials in a SQLite file": { unit: "ms", time: storedStudy },
  "20 trials by two worker processes": { unit: "ms", time: sharedStudy },
  "fettle tune breast-cancer.csv": {
    unit: "ms",
    time: (build) =>
      commandTime(
        build.start(
          `tune ${join(build.root, "examples/data/breast-cancer.csv")} --target diagnosis --jobs 2`,
        ),
      ),
  },
  "fettle --help": { unit: "ms", time: (build) => commandTime(build.start("--help")) },
  "step 30-64-1, batch 32, adam": { unit: "µs", time: library((f) => step(f, 30, [64, 1], 300)) },
  "step 784-256-128-10, batch 32, adam": {
    unit: "µs",
    time: library((f) => step(f, 784, [256, 128, 10], 20)),
  },
  "predict one row": {
    unit: "µs",
    time: library(async (f) => {
      const { model, row } = await network(f);
      return perCall(() => model.predict([row]));
    }),
  },
  "loadPredictor, one row": {
    unit: "µs",
    time: library(async (f, build) => {
      const { model, row } = await network(f);
      const { loadPredictor } = await build.load<typeof import("../../src/predict/index.js")>("predict.js");
      const predictor = await loadPredictor(await f.saveModel(model));
      return perCall(() => predictor.predict([row]));
    }),
  },
  "a served row": { unit: "µs", time: served },
  "predict 100,000 rows of 30": {
    unit: "ms",
    time: library(async (f) => {
      const { model, random } = await network(f);
      const x = { data: Float32Array.from({ length: 3e6 }, random), shape: [1e5, 30] };
      return timed(() => model.predict(x), 9);
    }),
  },
  "read and encode 20,000 rows of 20": { unit: "ms", time: library(readRows) },
  "import to first step": { unit: "ms", time: firstStep },
  "20 trials in a page of Chromium": { unit: "ms", time: ({ root }) => pageTime(root) },
};
