/**
 * A training step on weights and slots that an L2 penalty has shrunk towards 0, down to the smallest numbers
 * of float32, beside the same step on usual ones, by optimizer. Time must not depend on values: the ratio is
 * to be at least 1 / 1.1.
 */
import { dense, dropout, l2, type Optimizer, sequential } from "fettle";
import { optimizers } from "../../src/optim/registry.js";
import { interleave } from "../measure.js";
import { noise, ourData, type Sizes, sizeName, startRun } from "../networks.js";
import { type Row, speedRow } from "../row.js";

const sizes: Sizes = [20, 96, 96, 1];
const BATCH = 128;
/** Weights and slots are 2^-20 to 2^-149 times usual ones, but for one in so many. */
const USUAL = 4;
const [LEAST, MOST] = [20, 149];

function shrunk(values: ArrayLike<number>): Float32Array {
  const power = (i: number): number => LEAST + ((i * 37) % (MOST - LEAST + 1));
  return Float32Array.from(values, (x, i) => (i % USUAL === 0 ? x : x * 2 ** -power(i)));
}

/** A network with dropout and an L2 penalty, whose steps begin with usual or with vanishing numbers. */
function training(optimizer: Optimizer) {
  const [columns, ...units] = sizes;
  const hidden = units
    .slice(0, -1)
    .flatMap((count) => [dense(count, { activation: "relu", kernelRegularizer: l2(1e-4) }), dropout(0.2)]);
  const model = sequential([...hidden, dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer, loss: "binaryCrossentropy" });
  const data = ourData(sizes);
  const run = startRun(model, columns, BATCH, data);
  const { arrays } = run.save();
  // slots may be squares, so they are positive
  for (const [name, { length }] of Object.entries(arrays))
    if (name.startsWith("slot.") && length > 2) run.write(name, noise(length, 0.01).map(Math.abs));
  const usual = run.save();
  const small = Object.entries(usual.arrays).filter(([, { length }]) => length > 2);
  const vanishing = {
    ...usual,
    arrays: { ...usual.arrays, ...Object.fromEntries(small.map(([name, all]) => [name, shrunk(all)])) },
  };
  const from = (start: typeof usual) => (count: number) => {
    run.restore(start);
    run.advance(count);
  };
  return {
    usual: from(usual),
    vanishing: from(vanishing),
    free() {
      for (const held of [run, data.x, data.y]) held.free();
    },
  };
}

export async function* vanishing(): AsyncIterable<Row> {
  for (const [name, create] of Object.entries(optimizers)) {
    const { usual, vanishing, free } = training(create());
    const timings = await interleave({ usual, vanishing });
    free();
    const where = { suite: "vanishing", name, size: sizeName(sizes, BATCH) };
    yield speedRow(where, "µs", timings.vanishing, "usual weights", timings.usual);
  }
}
