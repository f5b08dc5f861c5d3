/** Attention of masked sequences, beside loops in float64. */
import { describe, expect, it } from "vitest";
import { multiHeadAttention } from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { marked, maskedModel, started, zeros } from "../masked.js";
import { randomRows, weightsOf } from "../support.js";

describe("attention, beside loops in float64", () => {
  const [ROWS, STEPS, FEATURES, HEADS, DIM] = [3, 4, 2, 2, 3];
  const counts = [
    [1, 1, 0, 0],
    [0, 1, 0, 1],
    [0, 0, 0, 0],
  ];
  const sequences = (steps: number, seed: number): number[][][] =>
    Array.from({ length: ROWS }, (_, row) => randomRows(steps, FEATURES, seed + row));

  /** softmax(q kᵀ / √dim) v over the keys that may be seen, all heads and then the last product. */
  function attended(
    weights: Readonly<Record<string, number[]>>,
    query: number[][],
    value: number[][],
    isSeen: (from: number, to: number) => boolean,
  ): number[][] {
    const project = (name: string, step: number[], head: number): number[] =>
      Array.from({ length: DIM }, (_, d) =>
        step.reduce(
          (sum, x, f) => sum + x * weights[`${name}Kernel`][(f * HEADS + head) * DIM + d],
          weights[`${name}Bias`][head * DIM + d],
        ),
      );
    return query.map((from, i) => {
      const heads = Array.from({ length: HEADS }, (_, head) => {
        const keys = value.map((__, j) => j).filter((j) => isSeen(i, j));
        const q = project("query", from, head);
        const scores = keys.map((j) =>
          project("key", value[j], head).reduce((sum, k, d) => sum + (k * q[d]) / Math.sqrt(DIM), 0),
        );
        const shares = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const total = shares.reduce((sum, share) => sum + share, 0);
        const values = keys.map((j) => project("value", value[j], head));
        return Array.from({ length: DIM }, (__, d) =>
          values.reduce((sum, v, j) => sum + (v[d] * shares[j]) / total, 0),
        );
      });
      return Array.from({ length: FEATURES }, (_, f) =>
        heads
          .flat()
          .reduce((sum, x, at) => sum + x * weights.outputKernel[at * FEATURES + f], weights.outputBias[f]),
      );
    });
  }

  const weightsOfAttention = (model: LayersModel): Record<string, number[]> => {
    const weights = model.getWeights();
    // biases begin at 0, where a mistake in them would not show
    for (const [path, { shape }] of Object.entries(weights).filter(([name]) => name.endsWith("Bias")))
      weights[path] = Array.from({ length: shape[0] }, (_, i) =>
        shape.length > 1 ? randomRows(1, shape[1], 90 + i)[0] : (i + 1) / 4,
      ) as never;
    model.setWeights(weights);
    return Object.fromEntries(
      Object.entries(weightsOf(model)).map(([path, data]) => [path.split(".")[1], data]),
    );
  };

  it.each([false, true])("of a masked sequence to itself, causal: %s", async (causal) => {
    const rows = { x: sequences(STEPS, 5), counts };
    const model = await maskedModel([STEPS, FEATURES], [multiHeadAttention(HEADS, DIM, { causal })]);
    await started(model, rows);
    const weights = weightsOfAttention(model);
    const { data } = model.predict(rows as never);
    for (const [row, x] of rows.x.entries()) {
      const zeroed = x.map((step, j) => (counts[row][j] ? step : [0, 0]));
      const expected = attended(
        weights,
        zeroed,
        zeroed,
        (i, j) => counts[row][j] === 1 && (!causal || j <= i),
      );
      for (const [i, step] of expected.entries())
        for (const [f, value] of step.entries())
          expect(data[(row * STEPS + i) * FEATURES + f]).toBeCloseTo(value, 5);
    }
    // a row of padding alone looks at nothing: the bias of the result
    expect(Array.from(data.slice(2 * STEPS * FEATURES, (2 * STEPS + 1) * FEATURES))).toEqual([0.25, 0.5]);
  });

  it("of a query without a mask to a masked sequence", async () => {
    const [query, x, flags] = [input([2, FEATURES]), input([STEPS, FEATURES]), input(STEPS)];
    const outputs = multiHeadAttention(HEADS, DIM).apply(query, marked().apply(x, flags));
    const model = functional({ inputs: { query, x, counts: flags }, outputs });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const data = { query: sequences(2, 40), x: sequences(STEPS, 50), counts };
    await model.fit(data, zeros([ROWS, 2, FEATURES]) as never, { epochs: 0 });
    const weights = weightsOfAttention(model);
    const result = model.predict(data).data;
    for (const row of counts.keys()) {
      const expected = attended(weights, data.query[row], data.x[row], (_, j) => counts[row][j] === 1);
      for (const [i, value] of expected.flat().entries())
        expect(result[row * 2 * FEATURES + i]).toBeCloseTo(value, 5);
    }
  });

  it.each(["value", "key", "both"])("to a value and a key of which %s has a mask", async (which) => {
    const query = input([2, FEATURES]);
    const [value, key] = [input([STEPS, FEATURES]), input([STEPS, FEATURES])];
    const [valueFlags, keyFlags] = [input(STEPS), input(STEPS)];
    const masks = { value: which !== "key", key: which !== "value" };
    const outputs = multiHeadAttention(HEADS, DIM).apply(
      query,
      masks.value ? marked().apply(value, valueFlags) : value,
      masks.key ? marked().apply(key, keyFlags) : key,
    );
    const flags = { ...(masks.value && { valueFlags }), ...(masks.key && { keyFlags }) };
    const model = functional({ inputs: { query, value, key, ...flags }, outputs });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const x = sequences(STEPS, 60);
    const others = [...counts].reverse().map((row) => row.map((each, j) => Number(each === 1 || j === 2)));
    const data = {
      query: sequences(2, 70),
      value: x,
      key: x,
      ...(masks.value && { valueFlags: counts }),
      ...(masks.key && { keyFlags: others }),
    };
    await model.fit(data, zeros([ROWS, 2, FEATURES]) as never, { epochs: 0 });
    const weights = weightsOfAttention(model);
    const result = model.predict(data).data;
    for (const row of counts.keys()) {
      const isSeen = (_: number, j: number): boolean =>
        (!masks.value || counts[row][j] === 1) && (!masks.key || others[row][j] === 1);
      const expected = attended(weights, data.query[row], x[row], isSeen);
      for (const [i, each] of expected.flat().entries())
        expect(result[row * 2 * FEATURES + i]).toBeCloseTo(each, 5);
    }
  });
});
