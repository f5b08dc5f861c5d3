/**
 * From a model to a program that runs: an architecture never seen before, once the compiler is warm, and a
 * second trial of one architecture with other hyperparameters.
 */
import { adam, dense, sequential } from "fettle";
import { programOf } from "../../src/nn/architecture.js";
import { eachOnce } from "../measure.js";
import { ourData, ourModel, startRun } from "../networks.js";
import { type Row, speedRow } from "../row.js";

const COLUMNS = 30;
const BATCH = 32;
/** Before the first that counts as warm. */
const WARM_UP = 200;
const ROUNDS = 41;

export async function* compile(): AsyncIterable<Row> {
  const fresh = await eachOnce(WARM_UP + ROUNDS, (i) => {
    const model = sequential([
      dense(64 + (i % 16), { activation: "relu" }),
      dense(32 + (i >> 4), { activation: "relu" }),
      dense(1, { activation: "sigmoid" }),
    ]);
    model.compile({ optimizer: adam(), loss: "binaryCrossentropy" });
    programOf(model.architecture(COLUMNS), "train", BATCH);
  });
  const size = "30→64+i→32+j→1";
  const warm = { seconds: fresh.slice(WARM_UP), amount: 1 };
  yield speedRow({ suite: "compile", name: "new architecture, warm", size }, "ms", warm);

  const sizes = [COLUMNS, 64, 32, 1];
  const data = ourData(sizes);
  const again = await eachOnce(WARM_UP + ROUNDS, (i) => {
    const model = ourModel(sizes, adam({ learningRate: 0.001 * (i + 1) }));
    startRun(model, COLUMNS, BATCH, data).free();
  });
  const second = { seconds: again.slice(WARM_UP), amount: 1 };
  yield speedRow({ suite: "compile", name: "second trial", size: sizes.join("→") }, "ms", second);
  data.x.free();
  data.y.free();
}
