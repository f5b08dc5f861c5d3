/** The words of a program's command line. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCommand, shellLine, variableOf } from "../../../src/cli/optimize/command.js";
import { readSetup } from "../../../src/cli/optimize/setup.js";
import { choice, float, int } from "../../../src/index.js";
import type { ParamValue } from "../../../src/search/space/value.js";
import { cases } from "../../cases.js";

const space = { learningRate: float(0, 1), units: int(1, 9) };
const places = { params: "/t/params.json", folder: "/t", trial: "3" };
const read = (words: string[], env = false) => readCommand(words, space, env);

describe("placeholders", () => {
  it("stand for values within words, as often as they are written", () => {
    const command = read([
      "{units}",
      "--lr={learningRate}",
      "{units}x{units}",
      "{folder}/m",
      "{trial}",
      "{params}",
    ]);
    expect(command.wordsOf({ learningRate: 1e-7, units: 4 }, places)).toEqual(
      ["4", "--lr=1e-7", "4x4", "/t/m", "3", "/t/params.json"], // as Python reads it
    );
    expect([command.program, command.usesFolder]).toEqual([undefined, true]);
  });

  it("a brace is written twice, and a closing one as it is", () => {
    const words = read(["awk", "{{print $1}", '{{"units": {units}}', "{{{units}}", "{learningRate}"]);
    expect(words.wordsOf({ learningRate: 0.5, units: 2 }, places)).toEqual(
      ["awk", "{print $1}", '{"units": 2}', "{2}", "0.5"], // as in the text above
    );
    expect(words.program).toBe("awk");
  });

  it("leave every value as it is, whatever a shell would make of it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (value, before, after) => {
        fc.pre(value !== "other");
        const text = { text: choice([value, "other"]) };
        const around = (word: string) => word.replaceAll("{", "{{");
        const { wordsOf } = readCommand(["run", `${around(before)}{text}${around(after)}`], text, false);
        expect(wordsOf({ text: value }, places)).toEqual(["run", before + value + after]);
      }),
      { numRuns: cases(200) },
    );
  });

  it("values other than words are JSON", () => {
    const odd = { list: choice([[1, "a"], null, true]) };
    const { wordsOf } = readCommand(["run", "{list}"], odd, false);
    expect([[1, "a"], null, true].map((list) => wordsOf({ list }, places)[1])).toEqual([
      '[1,"a"]',
      "null",
      "true",
    ]);
  });

  it("of a parameter that a trial does not have leave their word out", () => {
    const both = { kind: choice(["a", "b"]), rate: float(0, 1, { when: { kind: ["b"] } }) };
    const { wordsOf } = readCommand(["run", "{kind}", "--rate={rate}"], both, false);
    expect(wordsOf({ kind: "a" }, places)).toEqual(["run", "a"]);
    expect(wordsOf({ kind: "b", rate: 0.5 }, places)).toEqual(["run", "b", "--rate=0.5"]);
    expect(() => readCommand(["run", "{kind}", "--rate", "{rate}"], both, false)).toThrow(
      /"rate" is not in every trial.*write --rate=\{rate\} in one word/,
    );
  });

  it.each([
    [
      ["run", "{unit}", "{learningRate}"],
      /\{learningRate\}, \{units\}.*received "\{unit\}".*write \{\{ for a brace/,
    ],
    [["run", "{}"], /received "\{\}"/],
    [["awk", "{print $1}"], /received "\{print \$1\}"/],
    [["run", "{units"], /received "\{"/],
  ])("%j is refused", (words, message) => {
    expect(() => read(words)).toThrow(message);
  });
});

describe("each parameter reaches the program", () => {
  it("by its placeholder, the file of parameters, or the environment; otherwise it is refused", () => {
    expect(() => read(["run", "{units}"])).toThrow(
      /"learningRate" does not: write \{learningRate\} into the command, or \{params\}.*--env for FETTLE_LEARNING_RATE/,
    );
    expect(() => read(["run"])).toThrow(/"learningRate" and "units" do not/);
    expect(read(["run", "{params}"]).variablesOf({ units: 1 })).toEqual({});
    expect(read(["run"], true).variablesOf({ learningRate: 0.5, units: 2 })).toEqual({
      FETTLE_LEARNING_RATE: "0.5",
      FETTLE_UNITS: "2",
      FETTLE_PARAMS: '{"learningRate":0.5,"units":2}',
    });
  });

  it.each<[ParamValue, string]>([
    ["a b", "a b"],
    ["1", "1"],
    [1e-7, "1e-7"],
    [true, "true"],
    [null, "null"],
    [[1, [2, "x"]], '[1,[2,"x"]]'],
    [{ width: 8, act: null }, '{"width":8,"act":null}'],
  ])("as JSON, but texts without quotes, on every way: %j", (value, text) => {
    const command = readCommand(
      ["run", "{layers}", "--layers={layers}"],
      { layers: choice([value, 0]) },
      true,
    );
    expect(command.wordsOf({ layers: value }, places)).toEqual(["run", text, `--layers=${text}`]);
    expect(command.variablesOf({ layers: value })).toEqual({
      FETTLE_LAYERS: text,
      FETTLE_PARAMS: JSON.stringify({ layers: value }),
    });
  });

  it("has names that variables keep apart, and that are not those of places", () => {
    expect(["lr", "learningRate", "L2 penalty", "conv1Units"].map(variableOf)).toEqual(
      ["FETTLE_LR", "FETTLE_LEARNING_RATE", "FETTLE_L2_PENALTY", "FETTLE_CONV1_UNITS"], // in the order above
    );
    expect(() => readCommand(["run"], { aB: int(1, 2), a_b: int(1, 2) }, true)).toThrow(/both FETTLE_A_B/);
    expect(() => readCommand(["run", "{folder}"], { folder: int(1, 2) }, false)).toThrow(
      /must not be called "folder"/,
    );
  });
});

it("the command of the best trial is one that a shell reads as the same words", () => {
  expect(shellLine(["run", "a b", "it's", "$(x)"], { A: "1 2" })).toBe("A='1 2' run 'a b' 'it'\\''s' '$(x)'");
});

it.each([
  ["{x}", false],
  ["{x} {trial}", false],
  ["{x} {folder}", true],
  ["{params}", true],
  ["--in={params}", true],
  ["{x} {{params}", false],
])("a command with %s names a file or folder of its trial: %s", (words, usesFolder) => {
  const command = readCommand(["run", ...words.split(" ")], { x: float(0, 1) }, false);
  expect(command.usesFolder).toBe(usesFolder);
});

it.each([
  ["gp, of one value", {}, { name: "gp" }],
  ["nsga2, of several", { metric: ["loss", "size"] }, { name: "nsga2" }],
  ["the named one, of several too", { metric: ["loss", "size"], strategy: "tpe" }, { name: "tpe" }],
  ["a grid of so many points", { strategy: "grid", points: 3 }, { name: "grid", options: { points: 3 } }],
])("the strategy is %s", async (_, flags, expected) => {
  const given = {
    scheduler: "none",
    value: "last-line",
    space: { x: { type: "float", low: 0, high: 1 } },
    ...flags,
  };
  expect((await readSetup(["echo", "{x}"], given as never)).strategy).toMatchObject(expected);
});
