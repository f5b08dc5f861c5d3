/**
 * From a model to a program that runs: an architecture never seen before, once the compiler is warm, and a
 * second trial of one architecture with other hyperparameters.
 */
import { adam, dense, sequential } from "fettle";
import { architectureFrom, hyperparametersOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { runTraining } from "../../src/nn/training/trainer.js";
import { eachOnce } from "../measure.js";
import { engine, ourData, ourModel } from "../networks.js";
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
    programOf(architectureFrom(model.described(), COLUMNS), "train", BATCH);
  });
  const size = "30→64+i→32+j→1";
  const warm = { seconds: fresh.slice(WARM_UP), amount: 1 };
  yield speedRow({ suite: "compile", name: "new architecture, warm", size }, "ms", warm);

  const sizes = [COLUMNS, 64, 32, 1];
  const data = ourData(sizes);
  const again = await eachOnce(WARM_UP + ROUNDS, async (i) => {
    const architecture = architectureFrom(
      ourModel(sizes, adam({ learningRate: 0.001 * (i + 1) })).described(),
      COLUMNS,
    );
    const programs = {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, "train", BATCH),
    };
    // All that comes before the first epoch, first weights included.
    runTraining(engine, programs, data, {
      hyperparameters: hyperparametersOf(architecture),
      epochs: 0,
      batchSize: BATCH,
      shuffle: true,
      seed: i,
    });
  });
  const second = { seconds: again.slice(WARM_UP), amount: 1 };
  yield speedRow({ suite: "compile", name: "second trial", size: sizes.join("→") }, "ms", second);
  data.x.free();
  data.y.free();
}
