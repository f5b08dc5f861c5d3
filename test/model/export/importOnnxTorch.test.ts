/** PyTorch's networks, exported to ONNX by PyTorch: imported, they predict what PyTorch predicts. */
import { beforeAll, describe, expect, it } from "vitest";
import { importOnnx } from "../../../src/model/export/importOnnx.js";
import { networkFrom } from "../../../src/model/network.js";
import { ready } from "../../../src/numerics/kernels.js";
import torch from "./data/torchOnnx.json" with { type: "json" };

beforeAll(() => ready());

interface Rows {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Rows of several inputs or outputs side by side. */
function beside(all: readonly Rows[], rows: number): number[][] {
  return Array.from({ length: rows }, (_, i) =>
    all.flatMap(({ data }) => data.slice((i * data.length) / rows, ((i + 1) * data.length) / rows)),
  );
}

const files = torch.cases.flatMap(({ files, ...rest }) =>
  Object.entries(files).map(([exporter, file]) => ({ ...rest, exporter, file })),
);

describe("importOnnx", () => {
  it("has files of at least 30 networks, of both exporters", () => {
    expect(torch.cases.length).toBeGreaterThanOrEqual(30);
    expect(files.length).toBe(2 * torch.cases.length);
  });

  it.each(files)("predicts as PyTorch: $name, by $exporter", ({ file, inputs, outputs }) => {
    const model = networkFrom(importOnnx(Buffer.from(file, "base64")), {}, false);
    const rows = beside(inputs, 3);
    const predicted = model.predict(rows).data;
    const expected = beside(outputs, 3).flat();
    expect(predicted.length).toBe(expected.length);
    const scale = Math.max(...expected.map(Math.abs));
    const most = Math.max(...expected.map((value, i) => Math.abs(value - predicted[i])));
    // sums of float32 numbers in another order
    expect(most / scale).toBeLessThan(1e-6);
  });
});
