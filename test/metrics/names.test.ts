/**
 * Every name that scikit-learn and Keras document is known or refused, as the tables of
 * docs/losses-and-metrics.md say.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as namespace from "../../src/metrics/index.js";
import { metricNamed } from "../../src/metrics/registry.js";
import { refusal } from "../data/refusal.js";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const { sklearn, scorers, keras } = JSON.parse(read("names.json")) as Record<string, string[]>;
const page = read("../../docs/losses-and-metrics.md");

/** Rows of the table under a heading, by each of the names in their first column. */
function tableUnder(heading: string): [name: string, here: string][] {
  const [, text] = page.split(`### ${heading}\n`);
  const rows = text.split("\n### ")[0].matchAll(/^\| (`.*?) \| (.*?) \|/gm);
  return [...rows].flatMap(([, names, here]) =>
    [...names.matchAll(/`(.*?)`/g)].map(([, name]): [string, string] => [name, here]),
  );
}

describe.each([
  ["Names of scikit-learn", [...sklearn, ...scorers]],
  ["Names of Keras", keras],
])("%s", (heading, documented) => {
  const table = tableUnder(heading);

  it("are all in the table", () => {
    expect(table.map(([name]) => name).sort()).toEqual([...new Set(documented)].sort());
  });

  it.each(table)("%s is %s", (name, here) => {
    const [, known] = /^`(\w+)`$/.exec(here) ?? [];
    if (known !== undefined) {
      expect(metricNamed(name).name).toBe(known);
      return;
    }
    const [, nearest] = /^refused; `(\w+)`$/.exec(here) ?? [];
    const message = refusal(() => metricNamed(name));
    if (nearest === undefined) {
      expect(here).toBe("refused");
      expect(message).toMatch(`unknown_name: unknown metric "${name}". Known: accuracy`);
    } else {
      expect(Object.keys(namespace)).toContain(nearest);
      expect(message).toMatch(
        `unknown_name: unknown metric "${name}". The nearest is metrics.${nearest}. Known: accuracy`,
      );
    }
  });
});

it("a scorer that is better where it is larger cannot be negated", () => {
  for (const name of ["neg_accuracy", "neg_r2", "neg_f1_macro", "neg_", "neg_neg_log_loss"])
    expect(refusal(() => metricNamed(name))).toMatch("unknown_name: unknown metric");
});
