/**
 * A first `fit`, before the kernels are loaded: it waits for them, trains on what its arrays held when it was
 * called, and ends by its signal.
 */
import { expect, it } from "vitest";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { kernelsAreLoaded } from "../../src/numerics/kernels.js";

it("trains on what arrays hold when it is called, and refuses what is not finite in them", async () => {
  const trained = (x: ArrayLike<number>, change?: () => void) => {
    const model = sequential([dense(1)]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const fitted = model.fit({ data: x, shape: [2, 2] }, Float32Array.of(1, 2), { epochs: 3 });
    change?.();
    return fitted.then(() => model.getWeights()["dense_1.kernel"].data);
  };
  expect(kernelsAreLoaded()).toBe(false);
  const x = Float32Array.of(1, 2, 3, 4);
  const first = trained(x, () => x.fill(Number.NaN));
  const rows = [
    [1, 2],
    [3, 4],
  ];
  const watch = {
    epochs: 0,
    onEpochEnd() {
      this.epochs++;
    },
  };
  const options = {
    epochs: 3,
    callbacks: [watch],
    sampleWeight: [1, 3],
    validationData: [rows, [1, 2]] satisfies [number[][], number[]],
  };
  const scored = () => {
    const model = sequential([dense(1)]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model.fit(rows, [1, 2], options);
  };
  const weighed = scored();
  const [row, weights] = [[...rows[0]], [...options.sampleWeight]];
  rows[0].fill(Number.NaN);
  options.sampleWeight.fill(-1);
  const stop = new AbortController();
  const model = sequential([dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const stopped = model.fit([[1], [2]], [1, 2], { epochs: 2000, signal: stop.signal });
  stop.abort();
  const aborted = expect(stopped).rejects.toMatchObject({ code: "aborted" });
  const refused = trained(Float64Array.of(1, 2, 1e39, 4)).catch((error: Error) => error.message);
  expect(kernelsAreLoaded()).toBe(false);
  expect(await first).toEqual(await trained([1, 2, 3, 4]));
  const { history } = await weighed;
  expect(watch.epochs).toBe(3); // its own, not a copy's
  rows[0] = row;
  options.sampleWeight = weights;
  expect(history).toEqual((await scored()).history);
  await aborted;
  expect(await refused).toBe("x must hold finite numbers; received 1e+39 at x[1][0]");
});
