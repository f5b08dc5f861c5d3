/** Layers against PyTorch's values and gradients in float64: stored, with the script that made them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradients } from "../../../src/autograd/grad.js";
import { compile } from "../../../src/compile/compile.js";
import type { Executor } from "../../../src/engine/executor.js";
import { constant, mul, reshape, sum } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import { sizeOf } from "../../../src/graph/shape.js";
import {
  batchNormalization,
  embedding,
  type Layer,
  layerNormalization,
} from "../../../src/nn/layers/index.js";
import { reference, wasm } from "../support.js";

interface Case {
  readonly name: keyof typeof factories;
  readonly options: Readonly<Record<string, number>>;
  readonly training: boolean;
  readonly x: { readonly shape: readonly number[]; readonly data: readonly number[] };
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly probe: readonly number[];
  readonly value: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly updated: Readonly<Record<string, readonly number[]>>;
}

const factories = {
  batchNormalization,
  layerNormalization,
  embedding: ({ inputDim, outputDim }: Record<string, number>) => embedding(inputDim, outputDim),
};
const { cases } = JSON.parse(readFileSync(new URL("torch.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

/** Value, updates and gradients of a layer, as far as a case has them. */
function evaluated(executor: Executor, of: Case): Pick<Case, "value" | "gradients" | "updated"> {
  const layer: Layer = factories[of.name](of.options);
  const [, ...row] = of.x.shape;
  const specs = layer.parameters(row);
  const run = executor.load(
    compile(
      (x: Value, probe: Value, ...arrays: Value[]): Value[] => {
        const parameters = Object.fromEntries(specs.map(({ name }, i) => [name, arrays[i]]));
        const hyperparameters = Object.fromEntries(
          Object.entries(layer.hyperparameters).map(([name, value]) => [name, constant(x.graph, value)]),
        );
        const updates: Record<string, Value> = {};
        const y = layer.call({
          inputs: [x],
          x,
          parameters,
          hyperparameters,
          training: of.training,
          trainable: true,
          stream: 0,
          update: (name, value) => {
            updates[name] = value;
          },
        });
        const flat = reshape(y, [sizeOf(y.shape)]);
        const wanted = Object.keys(of.gradients).map((name) => (name === "x" ? x : parameters[name]));
        return [
          flat,
          ...gradients(sum(mul(flat, probe)), wanted),
          ...Object.keys(of.updated).map((name) => updates[name]),
        ];
      },
      of.x.shape,
      [of.probe.length],
      ...specs.map(({ shape }) => shape),
    ),
  ) as (...arrays: unknown[]) => { data: ArrayLike<number> }[];
  const arrays = specs.map(({ name, shape }) => nested(of.parameters[name] ?? FIXED[name](shape[0]), shape));
  const [value, ...rest] = run(nested(of.x.data, of.x.shape), of.probe, ...arrays).map(({ data }) =>
    Array.from(data),
  );
  const names = Object.keys(of.gradients);
  const taken = <T>(list: readonly string[], values: readonly T[]) =>
    Object.fromEntries(list.map((name, i) => [name, values[i]]));
  return {
    value,
    gradients: taken(names, rest),
    updated: taken(Object.keys(of.updated), rest.slice(names.length)),
  };
}

/** What layers without gamma and beta still keep. */
const FIXED: Record<string, (units: number) => number[]> = {
  movingMean: (units) => Array(units).fill(0),
  movingVariance: (units) => Array(units).fill(1),
};

function nested(data: readonly number[], [length, ...rest]: readonly number[]): unknown {
  if (rest.length === 0) return data;
  const each = sizeOf(rest);
  return Array.from({ length }, (_, i) => nested(data.slice(i * each, (i + 1) * each), rest));
}

/** The largest difference, as a share of the largest number. */
function difference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  const most = Math.max(...b.map(Math.abs), 2 ** -20);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / most;
}

// float64 and a handful of roundings; on wasm the divisions by deviations of batches of 4 to 7 rows
describe.each([
  [reference, 1e-12],
  [wasm, 64 * 2 ** -24],
] as const)("on %o", (executor, bound) => {
  it.each(cases.map((each, i) => [i, each.name, each.training, each] as const))(
    "case %i: %s with training %s is PyTorch's",
    (_, __, ___, of) => {
      const ours = evaluated(executor, of);
      expect(difference(ours.value, of.value), "value").toBeLessThanOrEqual(bound);
      for (const part of ["gradients", "updated"] as const)
        for (const [name, values] of Object.entries(of[part]))
          expect(difference(ours[part][name], values), `${part} ${name}`).toBeLessThanOrEqual(bound);
    },
  );
});
