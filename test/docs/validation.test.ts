/**
 * The table of scikit-learn's names in docs/validation.md: each is known, or refused with the name to use.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as fettle from "fettle";
import { describe, expect, it } from "vitest";
import { refusal } from "../nn/support.js";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

/** The first two cells of each row with code in both, by the heading of the table. */
const rows = read("../../docs/validation.md")
  .split("## Names of scikit-learn")[1]
  .split("\n")
  .flatMap((line) => {
    const [, theirs, ours] = /^\| `(\w+)` \| `(\w+)` \|/.exec(line) ?? [];
    return theirs === undefined ? [] : [[theirs, ours] as const];
  });
const options = rows.filter(([theirs]) => /^[a-z]+_[a-z]+$/.test(theirs));
const classes = rows.filter(([theirs]) => /^[A-Z]/.test(theirs));

const makers = fettle as unknown as Readonly<Record<string, (options: object) => unknown>>;

describe("docs/validation.md", () => {
  it("has every splitter of scikit-learn, each exported under the name given", () => {
    const { names } = JSON.parse(read("../data/split/sklearn-folds.json")) as { names: string[] };
    expect(classes.map(([theirs]) => theirs).sort()).toEqual([...names].sort());
    for (const [, ours] of rows.filter((row) => !options.includes(row)))
      expect(makers[ours]).toBeTypeOf("function");
  });

  it.each(classes.filter(([, ours]) => ours !== "predefinedSplit"))(
    "%s is known by name: %s",
    (theirs, ours) => {
      expect(fettle.createSplitter(theirs).name).toBe(ours);
    },
  );

  it.each(options.filter(([theirs]) => theirs !== "train_test_split"))(
    "the option %s is refused with %s",
    async (theirs, ours) => {
      const said = await Promise.all(
        fettle.splitterNames.map((name) => refusal(() => fettle.createSplitter(name, { [theirs]: 2 }))),
      );
      const hints = said.filter((message) => message.includes(`"${theirs}". Did you mean "${ours}"?`));
      expect(hints.length).toBeGreaterThan(0);
      expect(said.every((message) => message.startsWith("unknown_name: unknown option of"))).toBe(true);
    },
  );
});
