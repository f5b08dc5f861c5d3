/**
 * Model files that pages predict with, as Node makes them: a stack of dense layers, and a network that needs
 * all kernels.
 */
import { dense, layerNormalization, saveModel, sequential } from "fettle";

const x = Array.from({ length: 40 }, (_, i) => [(i % 7) / 7, (i % 11) / 11]);
const y = x.map(([a, b]) => a * b);

/** In base64. */
export async function models() {
  const files = [];
  for (const between of [[], [layerNormalization()]]) {
    const model = sequential([dense(8, { activation: "gelu" }), ...between, dense(1)]);
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 5, seed: 2 });
    files.push(Buffer.from(saveModel(model)).toString("base64"));
  }
  return files;
}
