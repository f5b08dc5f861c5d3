/**
 * A saved model of 30 → 64 → 1: size, start, one row and 100,000 rows, beside the same network in
 * TensorFlow.js layers (WebAssembly, one thread) and ONNX Runtime Web (one thread). Ours takes raw records or
 * columns, through schema and pipeline; the peers take features that are scaled already. Each start is a new
 * process.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeTable } from "../../src/data/dataset.js";
import { applyPipeline, fitPipeline } from "../../src/data/pipeline/pipeline.js";
import { readTable } from "../../src/data/table.js";
import { exportOnnx } from "../../src/model/export/onnx.js";
import { Model } from "../../src/model/model.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { ready } from "../../src/numerics/kernels.js";
import { interleave, median, repeat } from "../measure.js";
import type { Peers } from "../peers.js";
import { plainRow, type Row, speedRow } from "../row.js";
import { bundled, zipped } from "./size.js";

const ROWS = 100_000;
const ROUNDS = 9;
const root = fileURLToPath(new URL("../..", import.meta.url));

export async function* predict({ tf, tfLayers }: Peers): AsyncIterable<Row> {
  await ready();
  const table = readTable(readFileSync(join(root, "examples/data/breast-cancer.csv"), "utf8"));
  const data = encodeTable(table, { target: "diagnosis" });
  const { pipeline } = fitPipeline(data);
  const network = sequential([dense(64, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
  network.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  await network.fit({ data: applyPipeline(pipeline, data.columns), shape: [data.rows, 30] }, data.y, {
    epochs: 3,
  });
  const { inputs, task, target, outputs, classes } = data;
  const described = {
    schema: table.schema,
    inputs,
    pipeline,
    task,
    target,
    outputs,
    classes,
    threshold: 0.5,
  };
  const bytes = new Model(network, described).bytes();

  const kernels = zipped(readFileSync(join(root, "wasm/predict.wasm")));
  const own = await bundled('export { loadPredictor } from "fettle/predict";', root);
  const peerSize = await peerSizes(tf !== undefined);
  yield plainRow(
    { suite: "predict", name: "size with kernels", size: "gzip" },
    "kB",
    own.first + kernels,
    "tfjs-layers + wasm",
    peerSize.tfjs,
  );
  yield plainRow(
    { suite: "predict", name: "size with kernels", size: "gzip" },
    "kB",
    own.first + kernels,
    "onnxruntime-web",
    peerSize.onnx,
  );

  const folder = mkdtempSync(join(tmpdir(), "fettle-predict-"));
  try {
    writeFileSync(join(folder, "model.fettle"), bytes);
    const record = Object.fromEntries(inputs.map(({ name }, j) => [name, data.columns[j][0]]));
    const starts = Array.from({ length: ROUNDS }, () => started(folder, record));
    for (const [part, name] of ["import", "load the model", "first row"].entries())
      yield plainRow(
        { suite: "predict", name, size: "a new process" },
        "ms",
        median(starts.map((each) => each[part])),
      );
  } finally {
    rmSync(folder, { recursive: true });
  }

  // as built: what runs the benchmarks names each function, which a row would pay for
  const built = new URL("../../dist/node/predict.js", import.meta.url).href;
  const { loadPredictor } = (await import(built)) as typeof import("../../src/predict/index.js");
  const predictor = await loadPredictor(bytes);
  const records = Array.from({ length: data.rows }, (_, i) =>
    Object.fromEntries(inputs.map(({ name }, j) => [name, data.columns[j][i]])),
  );
  const many = {
    columns: data.columns.map((values) =>
      Float64Array.from({ length: ROWS }, (_, i) => values[i % data.rows]),
    ),
  };
  const features = applyPipeline(pipeline, many.columns);
  const ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(exportOnnx(network));
  const [input] = session.inputNames;
  const ask = (rows: Float32Array) =>
    session.run({ [input]: new ort.Tensor("float32", rows, [rows.length / 30, 30]) });
  const layers =
    tf &&
    tfLayers?.sequential({
      layers: [
        tfLayers.layers.dense({ units: 64, activation: "relu", inputShape: [30] }),
        tfLayers.layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    });
  const askLayers = (rows: Float32Array): void => {
    if (!tf || !layers) return;
    tf.tidy(() => layers.predict(tf.tensor2d(rows, [rows.length / 30, 30])).dataSync());
  };

  let i = 0;
  const one = features.subarray(0, 30).slice();
  for (const [name, size, unit, ours, rows] of [
    ["one row", "30→64→1", "µs", () => predictor.predict(records[i++ % records.length]), one],
    ["from raw columns", `${ROWS} × 30→64→1`, "ms", () => predictor.predict(many), features],
  ] as const) {
    const times = await interleave({
      ours: repeat(ours),
      onnx: async (count) => {
        for (let k = 0; k < count; k++) await ask(rows);
      },
      tfjs: repeat(() => askLayers(rows)),
    });
    const where = { suite: "predict", name, size };
    yield speedRow(where, unit, times.ours, "onnxruntime-web", times.onnx);
    if (layers) yield speedRow(where, unit, times.ours, "tfjs-layers + wasm", times.tfjs);
  }
}

/** Milliseconds of importing, loading and a first row. */
function started(folder: string, record: unknown): number[] {
  const source = `
const { readFileSync } = await import("node:fs");
const bytes = readFileSync(${JSON.stringify(join(folder, "model.fettle"))});
const row = ${JSON.stringify(record)};
const begin = performance.now();
const { loadPredictor } = await import(${JSON.stringify(new URL("../../dist/node/predict.js", import.meta.url).href)});
const imported = performance.now();
const predictor = await loadPredictor(bytes);
const loaded = performance.now();
predictor.predict(row);
console.log(imported - begin, loaded - imported, performance.now() - loaded);
`;
  const program = join(folder, "start.mjs");
  writeFileSync(program, source);
  const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
  if (stderr !== "") throw new Error(stderr);
  return stdout.trim().split(" ").map(Number);
}

async function peerSizes(hasTfjs: boolean): Promise<{ tfjs?: number; onnx?: number }> {
  const require = createRequire(join(root, "package.json"));
  const ortWasm = join(dirname(require.resolve("onnxruntime-web/wasm")), "ort-wasm-simd-threaded.wasm");
  const { first: ortCode } = await bundled('export { InferenceSession } from "onnxruntime-web/wasm";', root);
  const onnx = ortCode + zipped(readFileSync(ortWasm));
  if (!hasTfjs) return { onnx };
  const code =
    'export { loadLayersModel } from "@tensorflow/tfjs-layers"; import "@tensorflow/tfjs-backend-wasm";';
  const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  const { first } = await bundled(code, root);
  return { onnx, tfjs: first + zipped(readFileSync(join(dirname(manifest), "tfjs-backend-wasm-simd.wasm"))) };
}
