/** Models that Keras 3 has saved: imported, they predict what Keras predicts. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOfKeras } from "../../../src/model/export/importKeras.js";
import { networkFrom } from "../../../src/model/network.js";
import { ready } from "../../../src/numerics/kernels.js";

beforeAll(() => ready());

interface Rows {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly inputs: readonly Rows[];
  readonly outputs: readonly Rows[];
  readonly file: string;
}

const saved = JSON.parse(
  gunzipSync(readFileSync(new URL("data/keras.json.gz", import.meta.url))).toString(),
) as { readonly keras: string; readonly cases: readonly Case[] };

/** Rows of several inputs or outputs side by side. */
function beside(all: readonly Rows[], rows: number): number[][] {
  return Array.from({ length: rows }, (_, i) =>
    all.flatMap(({ data }) => data.slice((i * data.length) / rows, ((i + 1) * data.length) / rows)),
  );
}

describe("importKeras", () => {
  it("has files of at least 80 models of Keras 3", () => {
    expect(saved.keras).toMatch(/^3\./);
    expect(saved.cases.length).toBeGreaterThanOrEqual(80);
  });

  it.each(saved.cases)("predicts as Keras: $name", ({ file, inputs, outputs }) => {
    const model = networkFrom(contentsOfKeras(Buffer.from(file, "base64")), {}, false);
    const predicted = model.predict(beside(inputs, 3)).data;
    const expected = beside(outputs, 3).flat();
    expect(predicted.length).toBe(expected.length);
    const scale = Math.max(...expected.map(Math.abs));
    const most = Math.max(...expected.map((value, i) => Math.abs(value - predicted[i])));
    // sums of float32 numbers in another order
    expect(most / scale).toBeLessThan(1e-6);
  });

  it("keeps the layers that change images in training, and by how much", () => {
    const { file } = saved.cases.find(({ name }) => name === "images changed in training") as Case;
    const { network } = contentsOfKeras(Buffer.from(file, "base64"));
    expect(network.layers.slice(0, 9).map(({ name, options }) => [name, options])).toEqual([
      ["randomFlip", { mode: "horizontalAndVertical" }],
      ["randomFlip", { mode: "vertical" }],
      ["randomRotation", { factor: 0.1 }],
      ["randomZoom", { height: 0.2 }],
      ["randomZoom", { height: 0.1, width: 0.3 }],
      ["randomTranslation", { height: 2, width: 1 }], // in pixels of 8 · 0.25 and 6 · 0.2
      ["gaussianNoise", { stddev: 0.1 }],
      ["dropout", { rate: 0.2 }],
      ["dropout", { rate: 0.1 }],
    ]);
  });
});
