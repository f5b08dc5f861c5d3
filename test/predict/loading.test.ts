/**
 * What a predictor loads and how much memory it takes: of kernels no more than its network needs, of memory
 * no more than it may.
 */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { platform as host } from "#platform";
import { saveModel } from "../../src/model/save.js";
import { dense, type Layer, layerNormalization } from "../../src/nn/layers/index.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { copied } from "../nn/support.js";
import { trained } from "./networks.js";

const built = (file: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../wasm/${file}`, import.meta.url)));
const stack = [dense(40, { activation: "gelu" }), dense(3, { activation: "softmax" })];
const x = Array.from({ length: 300 }, (_, i) => [i / 7, Math.fround(1 / (i + 1)), -i]);

/** The file of a network of these layers over three columns. */
const fileOf = (layers: readonly Layer[]): Uint8Array =>
  saveModel(trained(copied(layers), 3, 1, (normal) => normal));

describe("on a page", () => {
  afterEach(() => {
    vi.doUnmock("#platform");
    vi.resetModules();
  });

  it.each([
    ["a stack of dense layers", "predict.wasm", stack],
    ["another network", "kernels.wasm", [dense(4), layerNormalization(), ...stack]],
  ])("%s downloads %s", async (_, file, layers) => {
    const bytes = fileOf(layers);
    const expected = (await loadPredictor(bytes)).predict(x).data;
    const asked: string[] = [];
    const download = (name: string) => async () => {
      asked.push(name);
      return built(name);
    };
    const both = { kernels: download("kernels.wasm"), predictorKernels: download("predict.wasm") };
    vi.resetModules();
    vi.doMock("#platform", () => ({ platform: { ...host, kernelsSync: () => undefined, ...both } }));
    const page = await import("../../src/predict/predictor.js");
    const predictor = await page.loadPredictor(bytes);
    expect(predictor.predict(x).data).toEqual(expected);
    expect(asked).toEqual([file]);
  });
});

describe("memoryLimit", () => {
  it.each([
    [
      "a stack of dense layers",
      [dense(700), dense(700), dense(1)],
      /^a predictor needs \d+ bytes of memory, the limit is 2000000; raise memoryLimit$/,
    ],
    [
      "another network",
      [layerNormalization(), dense(700), dense(700), dense(1)],
      /the limit is 2000000.* raise memoryLimit/,
    ],
  ])("bounds %s, which a higher one lets in", async (_, layers, message) => {
    const bytes = fileOf(layers);
    await expect(loadPredictor(bytes, { memoryLimit: 2_000_000 })).rejects.toMatchObject({
      code: "memory_limit",
      message: expect.stringMatching(message),
    });
    const [free, bounded] = [
      await loadPredictor(bytes),
      await loadPredictor(bytes, { memoryLimit: 16_000_000 }),
    ];
    expect(bounded.predict(x).data).toEqual(free.predict(x).data);
  });

  it.each([0, -1, 1.5, Number.NaN, "1", null])("is not %s", async (memoryLimit) => {
    await expect(loadPredictor(fileOf(stack), { memoryLimit: memoryLimit as number })).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("memoryLimit must be a positive integer, a number of bytes; received"),
    });
  });
});
