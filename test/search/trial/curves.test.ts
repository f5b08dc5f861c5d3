/** Curves of trials: what is put in comes back, whichever way they go, and nothing else is read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { float } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import { Curves } from "../../../src/search/trial/curves.js";
import { readCurves } from "../../../src/search/trial/savedCurves.js";
import type { TrialOutcome } from "../../../src/search/trial/trial.js";
import { packArchive, unpackArchive } from "../../../src/workers/archive.js";
import { cases } from "../../cases.js";
import { prop } from "../../prop.js";
import { refusal } from "../../tune/support.js";

const numbers = (length: number) => fc.float32Array({ minLength: length, maxLength: length });
const begun = () => createStudy({ space: { a: float(0, 1) }, strategy: random(), direction: "minimize" });

/** By name, the same folds of the same lengths. */
const histories = fc
  .tuple(
    fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat({ max: 9 }), { maxLength: 4 }),
  )
  .chain(([names, lengths]) =>
    fc.tuple(...names.map(() => fc.tuple(...lengths.map(numbers)))).map((all) =>
      // own properties, whatever their names
      Object.fromEntries(names.map((name, i) => [name, all[i] as Float32Array[]])),
    ),
  );

/** The bits of all numbers by name, in order: NaN is NaN, and −0 is not 0. */
const bitsOf = (history: Readonly<Record<string, readonly ArrayLike<number>[]>>) =>
  Object.entries(history).map(([name, folds]) => [
    name,
    folds.map((fold) =>
      Array.from(fold, (value) => (Number.isNaN(value) ? "NaN" : Object.is(value, -0) ? "-0" : value)),
    ),
  ]);

const format = { magic: "a/test", version: 1, what: "a test" };

prop([histories], { numRuns: cases(200) })(
  "come back from JSON, an archive and another thread as they were",
  (history) => {
    const curves = new Curves(history);
    const expected = bitsOf(history);
    expect(bitsOf(curves.history)).toEqual(expected);
    expect(bitsOf(readCurves(curves).history)).toEqual(expected);
    expect(bitsOf(readCurves(JSON.parse(JSON.stringify(curves))).history)).toEqual(expected);
    expect(bitsOf(readCurves(structuredClone(curves)).history)).toEqual(expected);
    const { own } = unpackArchive(format, packArchive(format, { own: curves }));
    expect(bitsOf(readCurves(own).history)).toEqual(expected);
  },
);

it("are the bytes of float32 in base64, as other languages read them", () => {
  const curves = new Curves({ loss: [[1, 0.5], [-2]] });
  // 1, ½ and −2 by IEEE 754, the low byte first
  const bytes = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x3f, 0, 0, 0, 0xc0];
  expect(curves.toJSON()).toEqual({
    names: ["loss"],
    epochs: [2, 1],
    values: Buffer.from(bytes).toString("base64"),
  });
});

it("are rounded to float32, and divided by name and by fold", () => {
  const curves = new Curves({ loss: [[0.1, 0.2], [0.3]], valLoss: [[Number.NaN, 1e300], [-0]] });
  expect(curves.names).toEqual(["loss", "valLoss"]);
  expect(curves.epochs).toEqual([2, 1]);
  expect(curves.values.length).toBe(6);
  expect(curves.history.loss.map((fold) => [...fold])).toEqual([
    [Math.fround(0.1), Math.fround(0.2)],
    [Math.fround(0.3)],
  ]);
  expect(curves.history.valLoss.map((fold) => [...fold])).toEqual([
    [Number.NaN, Number.POSITIVE_INFINITY],
    [-0],
  ]);
});

/** As many names as folds, and no epoch. */
const emptyFolds = (count: number) => {
  const names = Array.from({ length: count }, (_, i) => `n${i}`);
  return {
    names,
    epochs: names.map(() => 0),
    get history() {
      return Object.fromEntries(names.map((name) => [name, names.map(() => [])]));
    },
  };
};

describe("what is refused", () => {
  it.each<[string, unknown]>([
    ["no object", [[1]]],
    ["null", null],
    ["nothing", {}],
    ["a number", { loss: 1 }],
    ["numbers without folds", { loss: [1, 2] }],
    ["words", { loss: [["a"]] }],
    ["a hole", { loss: [[1, undefined]] }],
    ["bytes of something else", { loss: [new BigInt64Array(2)] }],
    ["an object with a length", { loss: [{ length: 1e9 }] }],
    ["other folds", { loss: [[1], [2]], valLoss: [[1]] }],
    ["more folds than can be saved", emptyFolds(300).history],
    ["other epochs", { loss: [[1], [2, 3]], valLoss: [[1, 2], [3]] }],
  ])("as an outcome: %s", (_, history) => {
    const study = begun();
    const outcome = { value: 1, curves: history } as TrialOutcome;
    expect(() => study.add({ a: 0.5 }, outcome)).toThrow(
      /^curves must be lists of numbers by name and fold, as long for each name; received /,
    );
    expect(study.trials).toEqual([]);
  });

  const saved = new Curves({ loss: [[1, 2], [3]], valLoss: [[4, 5], [6]] }).toJSON();
  it.each<[string, unknown]>([
    ["text", "curves"],
    ["nothing", {}],
    ["another field", { ...saved, more: 1 }],
    ["a name twice", { ...saved, names: ["loss", "loss"] }],
    ["a name that is a number", { ...saved, names: ["loss", 1] }],
    ["no name", { ...saved, names: [], values: "" }],
    ["fewer names", { ...saved, names: ["loss"] }],
    ["more epochs than numbers", { ...saved, epochs: [2, 2] }],
    ["more epochs than memory", { ...saved, epochs: [2 ** 52, 2 ** 52] }],
    ["epochs that are negative", { ...saved, epochs: [4, -1] }],
    ["epochs that are no integers", { ...saved, epochs: [1.5, 1.5] }],
    ["folds that would cost a file nothing", { ...emptyFolds(300), values: "" }],
    ["epochs without a list", { ...saved, epochs: 3 }],
    ["letters that are not base64", { ...saved, values: saved.values.replace(/^./, "!") }],
    ["spaces, which base64 ignores", { ...saved, values: saved.values.replace(/^..../, "    ") }],
    ["fewer letters", { ...saved, values: saved.values.slice(4) }],
    ["numbers that are not float32", { ...saved, values: new Float64Array(6) }],
    ["a list of numbers", { ...saved, values: [1, 2, 3, 4, 5, 6] }],
    ["null", { ...saved, values: null }],
  ])("in a file: %s", async (_, curves) => {
    expect(await refusal(async () => readCurves(curves))).toBe(
      "invalid_checkpoint: its curves are corrupted",
    );
    const study = begun();
    study.add({ a: 0.5 }, { value: 1 });
    const json = JSON.parse(JSON.stringify(study));
    json.trials[0].curves = curves;
    expect(await refusal(async () => restoreStudy(json, { strategy: random() }))).toBe(
      "invalid_checkpoint: this study cannot be opened: trial 0 is damaged: its curves are corrupted",
    );
  });

  it("in a file: curves of a running trial", async () => {
    const study = begun();
    study.ask();
    const json = JSON.parse(JSON.stringify(study));
    json.trials[0].curves = saved;
    expect(await refusal(async () => restoreStudy(json, { strategy: random() }))).toMatch(
      /^invalid_checkpoint: .*curves of trial 0, which is running, must be left out/,
    );
  });
});

it("are those that an objective returns, and survive with their study", async () => {
  const study = begun();
  const curves = { loss: [[3, 2, Number.NaN]] };
  await study.optimize(() => ({ value: 2, curves }), { trials: 2 });
  const again = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: random() });
  for (const { trials } of [study, again]) {
    expect(trials.map((trial) => bitsOf(trial.curves?.history ?? {}))).toEqual([
      bitsOf(curves),
      bitsOf(curves),
    ]);
  }
  expect(JSON.stringify(again)).toBe(JSON.stringify(study));
});

it("reads a study of version 1, which had none", () => {
  const study = begun();
  study.add({ a: 0.5 }, { value: 1 });
  const old = { ...JSON.parse(JSON.stringify(study)), version: 1 };
  const [trial] = restoreStudy(old, { strategy: random() }).trials;
  expect([trial.value, "curves" in trial]).toEqual([1, false]);
});
