/**
 * What arrays cost on their way in and out, beside a copy of as many numbers; predictions beside their
 * products at the measured peak.
 */
import { compile } from "../../src/compile/compile.js";
import { fromMatrix, toMatrix } from "../../src/data/matrix.js";
import { toColumns } from "../../src/data/tensor.js";
import { createEngine } from "../../src/engine/engine.js";
import { add } from "../../src/graph/functions.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { ready } from "../../src/numerics/kernels.js";
import { interleave, repeat } from "../measure.js";
import { type Peak, peakOf } from "../peak.js";
import { type Row, speedRow } from "../row.js";

const ROWS = 100_000;
const COLUMNS = 30;
const UNITS = 64;

export async function* doors(): AsyncIterable<Row> {
  await ready();
  const numbers = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => (i % 13) / 13);
  const shaped = { data: numbers, shape: [ROWS, COLUMNS] };
  const double = { data: Float64Array.from(numbers), shape: [ROWS, COLUMNS] };
  const rows = Array.from({ length: ROWS }, (_, i) =>
    Array.from(numbers.subarray(i * COLUMNS, (i + 1) * COLUMNS)),
  );
  const bytes = { data: Uint8Array.from(numbers, (x) => 13 * x), shape: [ROWS, COLUMNS] };
  const types = [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Float32Array, Float64Array];
  for (const Type of types) toColumns({ data: Type.of(1, 2), shape: [2, 1] }); // as a program of many types does
  const engine = createEngine();
  const call = engine.load(compile((x) => add(x, 1), [ROWS, COLUMNS]));
  const model = sequential([dense(UNITS, { activation: "relu" }), dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit({ data: numbers.subarray(0, COLUMNS), shape: [1, COLUMNS] }, [0], { epochs: 0 });

  const size = `${ROWS} × ${COLUMNS}`;
  const copy = repeat(() => numbers.slice());
  for (const [name, ours] of [
    ["toMatrix, float32", () => toMatrix(shaped)],
    ["toMatrix, float64", () => toMatrix(double)],
    ["toMatrix, nested arrays", () => toMatrix(rows)],
    ["toColumns, float32", () => toColumns(shaped)],
    ["toColumns, float64", () => toColumns(double)],
    ["toColumns, bytes", () => toColumns(bytes)],
    ["a compiled x + 1, float32", () => call(numbers)],
    ["a compiled x + 1, ndarray", () => call(fromMatrix(numbers, ROWS, COLUMNS))],
  ] as const) {
    const times = await interleave({ ours: repeat(ours), copy });
    yield speedRow({ suite: "overhead", name, size }, "ms", times.ours, "a copy", times.copy);
  }
  const peak = peakOf("strict") as Peak;
  const { ours, most } = await interleave(
    { ours: repeat(() => model.predict(shaped)), most: peak.work },
    { ours: 2 * ROWS * (COLUMNS * UNITS + UNITS), most: peak.operations },
  );
  yield speedRow(
    { suite: "overhead", name: "predict, 64 units", size },
    "GFLOP/s",
    ours,
    "the measured peak",
    most,
  );
  call.free();
}
