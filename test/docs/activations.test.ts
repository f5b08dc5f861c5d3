/**
 * The table of activations in docs/layers.md against the code: every name, its values, and its gradients at
 * kinks.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import type { FettleError } from "../../src/errors.js";
import { sum } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { contentsOf } from "../../src/model/contents.js";
import { exportTfjs } from "../../src/model/export/tfjs.js";
import { type ActivationName, activations, getActivation } from "../../src/nn/activations.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { ready } from "../../src/numerics/kernels.js";
import { reference } from "../nn/support.js";
import { trained } from "../predict/networks.js";

const page = readFileSync(new URL("../../docs/layers.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("\n## Activations\n"), page.indexOf("\n## Images and sequences\n"));

/** The rows of the table, by their names. */
const rows = section
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .filter((cells) => cells.length === 8)
  .flatMap(([, names, , below, above, kinks]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name as ActivationName, below, above, kinks] as const),
  );

/** f and f′. */
function at(name: ActivationName, x: number): [number, number] {
  const f = getActivation(name);
  const run = reference.load(
    compile(
      (v: Value) => {
        const y = f(v);
        return [y, gradients(sum(y), [v])[0]];
      },
      [1, 1],
    ),
  );
  const [value, gradient] = run([[x]]).map(({ data }) => data[0]);
  run.free();
  return [value, gradient];
}

/** To six places after the point, as the table has numbers. */
const written = (x: number): string => String(Math.round(x * 1e6) / 1e6 + 0);

it("has a row of each activation, and of Keras' other names", () => {
  const names = rows.map(([name]) => name).sort();
  expect(names).toEqual([...Object.keys(activations), "swish", "hardSwish"].sort());
});

it.each(rows)("has the values and kinks of %s", (name, below, above, kinks) => {
  expect([below, above]).toEqual([at(name, -1), at(name, 2)].map(([value]) => written(value)));
  const found = kinks === "" ? [] : kinks.split(", ").map((kink) => kink.split(": "));
  expect(found).toEqual(found.map(([x]) => [x, written(at(name, Number(x))[1])]));
});

it("says which of them TensorFlow.js does not have", async () => {
  const [, listed] = /\| except ([^;]+);/.exec(section) ?? [];
  await ready();
  const refused = Object.keys(activations).filter((name) => {
    const layer = dense(1, { activation: name as ActivationName });
    const contents = contentsOf(
      trained(sequential([layer]), 1, 1, (normal) => normal),
      false,
    );
    try {
      exportTfjs(contents);
      return false;
    } catch (error) {
      return (error as FettleError).code === "unsupported";
    }
  });
  expect(listed).toBe(refused.map((name) => `\`${name}\``).join(", "));
});
