/**
 * Every loss, alone and weighted, against PyTorch's values and gradients in float64: stored, with the script
 * that made them.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradients } from "../../../src/autograd/grad.js";
import { compile } from "../../../src/compile/compile.js";
import type { Executor } from "../../../src/engine/executor.js";
import { reshape, sigmoid, softmax } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import type { LossFunction } from "../../../src/nn/losses/loss.js";
import { losses } from "../../../src/nn/losses/registry.js";
import { reference, wasm } from "../support.js";

type Rows = readonly (readonly number[])[];
interface Evaluated {
  readonly value: number;
  /** By x, row-major. */
  readonly gradient: readonly number[];
}
interface Case {
  readonly name: keyof typeof losses;
  readonly options: object;
  readonly form: keyof typeof forms;
  readonly y: Rows;
  readonly x: Rows;
  readonly alone: Evaluated;
  readonly weighted: Evaluated;
}

const UNITS = 3;
const sequences = (x: Value): Value => reshape(x, [x.shape[0], x.shape[1] / UNITS, UNITS]);
const forms = { plain: (x: Value) => x, sigmoid, softmax, sequences };
const torch = JSON.parse(readFileSync(new URL("torch.json", import.meta.url), "utf8")) as {
  readonly weights: Rows;
  readonly cases: readonly Case[];
};
const withOptions = ({ name, options }: Case): LossFunction =>
  (losses[name] as (options: object) => LossFunction)(options);

function evaluated(executor: Executor, of: Case, weights?: Rows): Evaluated {
  const loss = withOptions(of);
  const step = (y: Value, x: Value, w?: Value): Value[] => {
    const value = loss(y, forms[of.form](x), w);
    return [value, ...gradients(value, [x])];
  };
  const shape = (rows: Rows) => [rows.length, rows[0].length];
  const run = weights
    ? executor.load(compile(step, shape(of.y), shape(of.x), shape(weights)))
    : executor.load(compile((y: Value, x: Value) => step(y, x), shape(of.y), shape(of.x)));
  const [value, gradient] = (run as (...arrays: Rows[]) => { data: ArrayLike<number> }[])(
    of.y,
    of.x,
    ...(weights ? [weights] : []),
  );
  run.free();
  return { value: value.data[0], gradient: Array.from(gradient.data) };
}

/** Numbers up to the largest are added up, so roundings are counted in its units. */
function expectClose(received: Evaluated, expected: Evaluated, tolerance: number): void {
  expect(Math.abs(received.value - expected.value)).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected.value)),
  );
  const largest = Math.max(1, ...expected.gradient.map(Math.abs));
  expect(received.gradient).toHaveLength(expected.gradient.length);
  expected.gradient.forEach((g, k) => {
    expect(Math.abs(received.gradient[k] - g), `gradient ${k}`).toBeLessThanOrEqual(tolerance * largest);
  });
}

describe("PyTorch agrees on", () => {
  const titled = torch.cases.map(
    (of) => [`${of.name} of ${of.form} numbers with ${JSON.stringify(of.options)}`, of] as const,
  );

  it.each(titled)("%s, to 1e-12 in float64 and to 32 roundings in float32", (_, of) => {
    for (const [executor, tolerance] of [
      [reference, 1e-12],
      [wasm, 32 * 2 ** -24],
    ] as const) {
      expectClose(evaluated(executor, of), of.alone, tolerance);
      expectClose(evaluated(executor, of, torch.weights), of.weighted, tolerance);
    }
  });

  it("every loss", () => {
    expect(new Set(torch.cases.map(({ name }) => name)), "cases of make_torch_values.py").toEqual(
      new Set(Object.keys(losses)),
    );
    // none is 0, so that a loss of 0 cannot agree
    for (const { alone } of torch.cases) expect(alone.gradient.some((g) => Math.abs(g) > 1e-3)).toBe(true);
  });
});
