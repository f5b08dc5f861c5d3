/** What models leave in memory: nothing. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, vi } from "vitest";
import { defaultEngine } from "../../src/engine/wasmEngine.js";
import { FettleError } from "../../src/errors.js";
import { dense, dropout, masking } from "../../src/nn/layers/index.js";
import { adam } from "../../src/optim/adam.js";
import { compiled, randomRows, refusal } from "./support.js";

const x = randomRows(200, 20, 1);
const y = x.map(([a, b]) => Number(a > b));

/** Bytes of the default engine's WebAssembly memory, which can grow and never shrinks. */
function wasmBytes(): number {
  const { kernels } = defaultEngine() as unknown as { kernels: { memory: { buffer: ArrayBuffer } } };
  return kernels.memory.buffer.byteLength;
}

/** Bytes of JavaScript objects that are still reachable. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect(); // what the first run's finalizers let go
  return process.memoryUsage().heapUsed;
}

/** Builds, trains, scores and drops a model; widths differ, so that programs do too. */
async function useModel(i: number): Promise<void> {
  const model = compiled(
    [dense(16 + (i % 7), { activation: "relu" }), dropout(0.1), dense(1, { activation: "sigmoid" })],
    { optimizer: adam(), loss: "binaryCrossentropy", metrics: ["accuracy"] },
  );
  await model.fit(x, y, { epochs: 2, batchSize: 32, validationSplit: 0.2 });
  model.evaluate(x, y);
  model.predict(x);
}

it("500 models leave memory where it was after the tenth", async () => {
  const start = defaultEngine().bytesInUse;
  for (let i = 0; i < 10; i++) await useModel(i);
  const [inUse, size, heap] = [defaultEngine().bytesInUse, wasmBytes(), heapBytes()];
  expect(inUse).toBe(start);
  for (let i = 10; i < 500; i++) await useModel(i);
  expect(defaultEngine().bytesInUse).toBe(start);
  expect(wasmBytes()).toBe(size);
  // all 7 widths have their programs since the seventh model: V8's own bookkeeping comes and goes by 1 MB,
  // and a model that stayed would be 4 KiB at least
  expect(heapBytes() - heap).toBeLessThan(490 * 4096);
});

it("different programs beyond the cache's 64 are let go", async () => {
  const useWidths = async (from: number, to: number): Promise<void> => {
    for (let width = from; width < to; width++) {
      const model = compiled([dense(width, { activation: "relu" }), dense(1)], {
        optimizer: "sgd",
        loss: "meanSquaredError",
      });
      await model.fit(x, y, { epochs: 0 });
    }
  };
  await useWidths(1, 60); // 3 programs each: the cache is full
  const heap = heapBytes();
  await useWidths(60, 180);
  // the 360 programs, if they stayed, would be 4.4 MB
  expect(heapBytes() - heap).toBeLessThan(2 * 2 ** 20);
});

it("a call that fails gives back what it took", async () => {
  const start = defaultEngine().bytesInUse;
  const model = compiled([dense(4), dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
  const failure = new Error("from a callback");
  const fail = (): never => {
    throw failure;
  };
  for (const callback of [
    { onTrainBegin: fail },
    { onEpochEnd: fail },
    { onTrainEnd: fail },
    { onEpochEnd: () => Promise.reject(failure) },
  ]) {
    const fit = model.fit(x, y, { validationSplit: 0.5, callbacks: [callback] });
    await expect(fit).rejects.toMatchObject({ code: "callback_failed", cause: failure });
    expect(defaultEngine().bytesInUse).toBe(start);
  }
  const failing = { name: "failing", direction: "minimize" as const, compute: fail };
  const measured = compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError", metrics: [failing] });
  await expect(measured.fit(x, y)).rejects.toBe(failure);
  expect(defaultEngine().bytesInUse).toBe(start);

  await model.fit(x, y);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: [failing] });
  expect(() => model.evaluate(x, y)).toThrow(failure);
  expect(defaultEngine().bytesInUse).toBe(start);
  const loss = (): never => fail();
  await expect(compiled([dense(1)], { optimizer: "sgd", loss }).fit(x, y)).rejects.toBe(failure);
  expect(await refusal(() => model.fit(x, [1, 2]))).toMatch(/^invalid_shape: /);
  expect(defaultEngine().bytesInUse).toBe(start);
});

it("a fit that fails leaves the model as it was", async () => {
  const model = compiled([dense(4), dense(1)], { optimizer: adam(), loss: "meanSquaredError" });
  await model.fit(x, y);
  const before = [...model.predict(x).data];
  const stop = { onEpochEnd: () => Promise.reject(new Error("no")) };
  await expect(model.fit(x, y, { epochs: 3, callbacks: [stop] })).rejects.toThrow("no");
  expect([...model.predict(x).data]).toEqual(before);
});

it("an evaluation whose mask does not fit frees its prediction", async () => {
  const model = compiled([masking(0), dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
  const steps = x.map((row) => row.map((number) => [number]));
  await model.fit(steps, steps);
  const engine = defaultEngine();
  const [start, matrix] = [engine.bytesInUse, engine.matrix.bind(engine)];
  let made = 0;
  // x, y and the prediction fit
  const spy = vi.spyOn(engine, "matrix").mockImplementation((...given) => {
    if (++made > 3) throw new FettleError("memory_limit", "full");
    return matrix(...given);
  });
  expect(await refusal(() => model.evaluate(steps, steps))).toBe("memory_limit: full");
  spy.mockRestore();
  expect(engine.bytesInUse).toBe(start);
});
