/**
 * Recurrent layers against PyTorch's in float64, and NumPy's GRU that resets before: stored, with the script
 * that made them.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bidirectional, gru, lstm, simpleRNN } from "../../../../src/nn/layers/index.js";
import { reference, wasm } from "../../support.js";
import { difference, type Evaluated, evaluated, type Given } from "./support.js";

const factories = { simpleRNN, lstm, gru };
interface Case extends Given, Evaluated {
  readonly layer: keyof typeof factories;
  readonly units: number;
  readonly bidirectional: boolean;
  readonly options: Readonly<Record<string, boolean | string>>;
}
const { cases } = JSON.parse(readFileSync(new URL("torch.json", import.meta.url), "utf8")) as {
  cases: Case[];
};
const madeOf = ({ layer, units, options, bidirectional: both }: Case) => {
  const own = factories[layer](units, options);
  return both ? bidirectional(own) : own;
};

// float64 and the special functions of the reference; on wasm up to five steps in float32
describe.each([
  ["reference", reference, 1e-12],
  ["wasm", wasm, 16 * 2 ** -24],
] as const)("on %s", (_, executor, bound) => {
  it.each(
    cases.map((each, i) => [i, each.layer, JSON.stringify(each.options), each.bidirectional, each] as const),
  )("case %i: %s with %s, bidirectional %s: value and every gradient", (_i, _layer, _options, _both, of) => {
    const ours = evaluated(executor, madeOf(of), of);
    expect(difference(ours.value, of.value), "value").toBeLessThanOrEqual(bound);
    expect(Object.keys(ours.gradients).sort()).toEqual(Object.keys(of.gradients).sort());
    for (const [name, values] of Object.entries(of.gradients))
      expect(difference(ours.gradients[name], values), name).toBeLessThanOrEqual(bound);
  });
});
