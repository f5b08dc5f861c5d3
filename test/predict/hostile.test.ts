/**
 * Model files with a valid checksum that claim what they do not have: refused with these words, and before
 * anything is allocated.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import type { Model } from "../../src/model/model.js";
import { loadModel } from "../../src/model/save.js";
import { ready } from "../../src/numerics/kernels.js";
import { type ModelContents, readContents, writeContents } from "../../src/predict/description.js";
import { loadPredictor, type Predictor } from "../../src/predict/predictor.js";
import { attempt, withinMemory } from "./attempt.js";
import {
  type ModelFile,
  modelFiles,
  type Parts,
  partsOf,
  replaced,
  sealed,
  sealedHeader,
  signed,
} from "./modelFiles.js";

let files: Readonly<Record<string, ModelFile>>;
beforeAll(async () => {
  await ready();
  files = Object.fromEntries((await modelFiles()).map((file) => [file.name, file]));
});

const NETWORK = "a network with its optimizer";
const TABLE = "two classes";
const NOT = "invalid_checkpoint: this is not a model file of Fettle: ";

/** A file of which places are other than they were, such as `{ "network.columns": 0 }`. */
function edited(
  name: string,
  edits: Readonly<Record<string, unknown>>,
  part: "fettle" | "index" = "fettle",
): Uint8Array {
  const parts = partsOf(files[name].bytes);
  const value = Object.entries(edits).reduce<unknown>(
    (value, [path, to]) =>
      replaced(
        value,
        path.split("/").map((key) => (/^\d+$/.test(key) ? Number(key) : key)),
        () => to,
      ),
    parts[part],
  );
  return sealed({ ...parts, [part]: value });
}

/** What a file is refused with, `code: message`; or what it predicts. */
async function outcome(
  file: Uint8Array,
  load: (file: Uint8Array) => Promise<Predictor | Model>,
  rows: ModelFile["rows"],
) {
  const result = await attempt(async () => {
    const model = await withinMemory(file, () => load(file));
    return Array.from(model.predict(rows).data as Float32Array);
  });
  return result instanceof FettleError ? `${result.code}: ${result.message}` : result;
}

/** A network of a dense layer and others after it, all zeros. */
function zeros(columns: number, units: number, others: readonly string[]): Parts {
  const names = others.map((_, i) => `activation_${i + 1}`);
  const layers = [
    {
      id: "dense_1",
      name: "dense",
      options: { units },
      inputs: ["input"],
      weights: { kernel: "a", bias: "b" },
    },
    ...others.map((activation, i) => ({
      id: names[i],
      name: "activation",
      options: { activation },
      weights: {},
      inputs: [names[i - 1] ?? "dense_1"],
    })),
  ];
  const end = 4 * columns * units;
  return {
    fettle: { format: 1, release: "0.1.0", network: { columns, layers } },
    index: {
      a: { dtype: "F32", shape: [columns, units], data_offsets: [0, end] },
      b: { dtype: "F32", shape: [units], data_offsets: [end, end + 4 * units] },
    },
    data: new Uint8Array(end + 4 * units),
  };
}

/** The transform of targets whose variances are predicted, too. */
const spread = (outputs: number, least = 1) => ({
  outputs: Array.from({ length: outputs }, () => ({ center: 0, scale: 1 })),
  moments: { log: true, least },
});

describe("the description", () => {
  const table = "the description of its table is invalid";
  const network = "the description of its network is invalid";
  const fit = "its inputs, pipeline, network and target do not fit each other";
  const scaling = "table/pipeline/columns/0/features/0/scaling";
  it.each<[string, string, Readonly<Record<string, unknown>>, string]>([
    ["no columns", NETWORK, { "network/columns": 0 }, NOT + network],
    ["no layers", NETWORK, { "network/layers": [] }, NOT + network],
    [
      "layers that take each other",
      NETWORK,
      { "network/layers/0/inputs": ["dense_2"] },
      `${NOT}layer "dense_1" must follow the layers that it takes, and its arrays must be in the file`,
    ],
    [
      "a layer twice",
      NETWORK,
      { "network/layers/2/id": "dense_1" },
      `${NOT}layer "dense_1" must follow the layers that it takes, and its arrays must be in the file`,
    ],
    [
      "arrays that are properties of every object",
      NETWORK,
      { "network/layers/0/weights/kernel": "constructor" },
      `${NOT}layer "dense_1" must follow the layers that it takes, and its arrays must be in the file`,
    ],
    ["no inputs", TABLE, { "table/inputs": [] }, NOT + table],
    ["a kind that there is not", TABLE, { "table/schema/columns/0/kind": "toString" }, NOT + table],
    ["missing cells that are no words", TABLE, { "table/schema/na": [1] }, NOT + table],
    ["two scalings of one feature", TABLE, { [scaling]: { center: 0, scale: 1, knots: null } }, NOT + table],
    ["one class", TABLE, { "table/classes": ["yes"] }, NOT + fit],
    ["fewer targets than outputs", "two quantities", { "table/targets": ["a"] }, NOT + fit],
    ["variances of classes", TABLE, { "table/pipeline/target": spread(1) }, NOT + fit],
    [
      "variances of logarithms",
      "two quantities",
      { "table/pipeline/target": { ...spread(2), log: "log" } },
      NOT + fit,
    ],
    ["variances below 0", "two quantities", { "table/pipeline/target": spread(2, -1) }, NOT + fit],
    ["outputs that the target lacks", TABLE, { "table/outputs": 1e9 }, NOT + fit],
    [
      "a format that is an object",
      NETWORK,
      { format: { toString: 1, valueOf: 1 } },
      'invalid_checkpoint: the model file has format {"toString":1,"valueOf":1}, of Fettle "0.1.0"; this release reads format 1; ' +
        "update Fettle, or save the model again",
    ],
  ])("refuses %s", async (_, name, edits, message) => {
    const file = edited(name, edits);
    for (const load of [loadPredictor, loadModel])
      expect(await outcome(file, load, files[name].rows)).toBe(message);
  });

  it("refuses nesting that no walk through it has stack for", async () => {
    const parts = partsOf(files[NETWORK].bytes);
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
      ['{"name":"warmup","options":{"learningRate":', "}}"],
    ]) {
      const deep = `${open.repeat(1e5)}1${close.repeat(1e5)}`;
      const text = JSON.stringify(
        replaced(parts.fettle, ["training", "optimizer", "options"], () => ({ a: "@" })),
      );
      const file = sealed({ ...parts, fettle: text.replace('"@"', deep) });
      for (const load of [loadPredictor, loadModel])
        expect(await outcome(file, load, files[NETWORK].rows)).toBe(`${NOT}it describes no model`);
    }
  });

  it("refuses more than 1,000 layers, which are not written either", async () => {
    const most = sealed(zeros(1, 1, new Array(999).fill("tanh")));
    expect(await outcome(most, loadPredictor, [[1]])).toEqual([0]);
    const file = sealed(zeros(1, 1, new Array(1000).fill("tanh")));
    const message = "a network in a file must have at most 1000 layers; received 1001";
    for (const load of [loadPredictor, loadModel])
      expect(await outcome(file, load, [[1]])).toBe(`invalid_checkpoint: ${message}`);
    const contents = readContents(most);
    const { columns, layers } = contents.network;
    const more: ModelContents = { ...contents, network: { columns, layers: [...layers, layers[1]] } };
    expect(await attempt(() => writeContents(more, "0.1.0"))).toMatchObject({ code: "unsupported", message });
  });

  it("may have two outputs for two classes, as of one-hot targets", async () => {
    const { bytes, rows } = files["two quantities"];
    const { target } = readContents(bytes).table!.pipeline;
    const unscaled = target.outputs.map(() => ({ center: 0, scale: 1 }));
    const file = edited("two quantities", {
      "table/task": "classification",
      "table/targets": undefined,
      "table/pipeline/target/outputs": unscaled,
      "table/classes": ["no", "yes"],
    });
    const predictor = await loadPredictor(file);
    const [{ class: name, probabilities }] = predictor.answers(rows) as {
      class: string;
      probabilities: object;
    }[];
    const [no, yes] = predictor.predict(rows).data as Float32Array;
    expect(probabilities).toEqual({ no, yes });
    expect(name).toBe(yes > no ? "yes" : "no");
  });
});

describe("every field of a description", () => {
  type Path = readonly (string | number)[];
  /** The places of all values within one, the innermost last. */
  function placesIn(value: unknown, path: Path = []): Path[] {
    const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
    const keyOf = (key: string) => (Array.isArray(value) ? Number(key) : key);
    return [path, ...inner.flatMap(([key, each]) => placesIn(each, [...path, keyOf(key)]))];
  }
  // options of layers have the layers' own rules; whatever is not listed here is a note
  const isRead = ([part, , , field]: Path) =>
    ["format", "network", "table"].includes(String(part)) && field !== "options";

  it("is refused if it is a value of another type", () => {
    const accepted = Object.values(files).flatMap(({ name, bytes }) => {
      const parts = partsOf(bytes);
      const places = placesIn(parts.fettle).filter((path) => path.length > 0 && isRead(path));
      return places.flatMap((path) => {
        const other = (was: unknown) => (typeof was === "object" ? 0.5 : { other: "type" });
        const file = sealed({ ...parts, fettle: replaced(parts.fettle, path, other) });
        try {
          readContents(file);
          return [`${name}: ${path.join(".")}`];
        } catch (error) {
          return error instanceof FettleError && error.code === "invalid_checkpoint" ? [] : [String(error)];
        }
      });
    });
    expect(accepted).toEqual([]);
  });

  const steps = { first: 0, steps: 1, features: 1, maskValue: 0 };
  const moments = { log: true, least: 1 };
  const wrong = { other: "type" };
  it.each<[string, unknown]>([
    ...["custom", "trainable", "shares"].map((field): [string, unknown] => [
      `network/layers/0/${field}`,
      wrong,
    ]),
    ...["role", "dateOrder", "na", "rest", "ignoreCase"].map((field): [string, unknown] => [
      `table/schema/columns/0/${field}`,
      wrong,
    ]),
    ["table/schema/columns/0/format", { decimal: "other" }],
    ["network/layers/0/options", "wrong"],
    ["network/inputs", wrong],
    ["network/inputs", [{ name: wrong, shape: [1] }]],
    ["network/inputs", [{ name: "a", shape: wrong }]],
    ["network/outputs", wrong],
    ["network/outputs", [{ name: wrong, value: "dense_1" }]],
    ["network/outputs", [{ name: "a", value: wrong }]],
    ["table/inputs/0/times", wrong],
    ["table/pipeline/columns/0/groups", wrong],
    ["table/pipeline/padding", wrong],
    ...Object.keys(steps).map((field): [string, unknown] => [
      "table/pipeline/padding",
      [{ ...steps, [field]: wrong }],
    ]),
    ["table/pipeline/target/log", wrong],
    ["table/pipeline/target/moments", wrong],
    ...Object.keys(moments).map((field): [string, unknown] => [
      "table/pipeline/target/moments",
      { ...moments, [field]: wrong },
    ]),
    ["table/targets", wrong],
    ["table/unknown", wrong],
    ["table/conformal", wrong],
    ["table/conformal", { rows: 1, misses: [] }],
    ["table/conformal", { rows: 1, misses: [{ edges: [1], distances: [[1]] }] }],
    ["table/conformal", { rows: 1, misses: [{ edges: [], distances: [[]] }] }],
  ])("is refused where few files have it, too: %s as %j", (path, value) => {
    const keys = path.split("/").map((key) => (key === "0" ? 0 : key));
    const field = String(keys.pop());
    const parts = partsOf(files[TABLE].bytes);
    const fettle = replaced(parts.fettle, keys, (was) => ({ ...(was as object), [field]: value }));
    expect(() => readContents(sealed({ ...parts, fettle }))).toThrow(
      `the description of its ${keys[0]} is invalid`,
    );
  });
});

it("errors of one quantity of two are refused", () => {
  const parts = partsOf(files["two quantities"].bytes);
  const conformal = { rows: 1, misses: [{ edges: [], distances: [[1]] }] };
  const fettle = replaced(parts.fettle, ["table"], (was) => ({ ...(was as object), conformal }));
  expect(() => readContents(sealed({ ...parts, fettle }))).toThrow("do not fit each other");
});

describe("a network that claims more than the file has", () => {
  it.each<[string, string, Readonly<Record<string, unknown>>, string, string | undefined]>([
    [
      "columns",
      NETWORK,
      { "network/columns": 1e9 },
      'invalid_checkpoint: the arrays of layer "dense_1" must fit its 1000000000 inputs; received shapes [[3,4],[4]]',
      "invalid_checkpoint: the model file must have an array of shape [1000000000,4] for dense_1.kernel; received [3,4]",
    ],
    [
      "units",
      NETWORK,
      { "network/layers/0/options/units": 1e9 },
      "the kernel has the units",
      "invalid_checkpoint: the model file must have an array of shape [3,1000000000] for dense_1.kernel; received [3,4]",
    ],
    [
      "a layer that takes another than the one before it",
      NETWORK,
      { "network/layers/2/inputs": ["dense_1"] },
      'invalid_checkpoint: layer "dense_2" must take the layer before it, "dropout_1"; received ["dense_1"]',
      'invalid_checkpoint: layer "dense_2" must be "dense_2", and take ["dropout_1"]; received inputs ["dense_1"]',
    ],
    [
      "outputs",
      "two quantities",
      {
        "table/outputs": 1,
        "table/pipeline/target/outputs": [{ center: 0, scale: 1 }],
        "table/targets": undefined,
      },
      "invalid_checkpoint: the network must have 1 outputs; received 2",
      "invalid_checkpoint: the network must have 1 outputs; received 2",
    ],
  ])("is refused: %s", async (_, name, edits, byPredictor, byModel) => {
    const file = edited(name, edits);
    const { rows, bytes } = files[name];
    const predicted = await outcome(file, loadPredictor, rows);
    if (byPredictor.includes(":")) expect(predicted).toBe(byPredictor);
    else expect(predicted).toEqual(await outcome(bytes, loadPredictor, rows));
    expect(await outcome(file, loadModel, rows)).toBe(byModel);
  });

  it("takes no memory for layers that have no parameters", async () => {
    const file = sealed(zeros(1, 10_000, new Array(999).fill("gelu")));
    expect(file.length).toBeLessThan(250_000);
    const predictor = await withinMemory(file, () => loadPredictor(file));
    expect(predictor.predict([[1]]).shape).toEqual([1, 10_000]);
    await withinMemory(file, () => loadModel(file));
  });

  it("takes memory for its parameters where there are many", async () => {
    const file = sealed(zeros(1, 1_000_000, []));
    await withinMemory(file, async () => (await loadPredictor(file)).predict([[1]]));
    await withinMemory(file, () => loadModel(file));
  });

  it("may claim a level, a code or a cycle of any size, which are numbers", async () => {
    const features = "table/pipeline/columns/2/features";
    for (const source of [
      { type: "level", level: 1e9 },
      { type: "cycle", days: 1e-300, wave: "sin" },
      { type: "table", numbers: [], other: 1e30 },
    ]) {
      const file = edited(TABLE, { [`${features}/0/source`]: source, "table/pipeline/columns/2/fill": 1e9 });
      const [a, b] = [
        await outcome(file, loadPredictor, files[TABLE].rows),
        await outcome(file, loadModel, files[TABLE].rows),
      ];
      expect(a).toEqual(b);
      expect(a.length).toBeGreaterThan(0);
    }
  });
});

describe("the index of arrays", () => {
  const of = (name: string): string =>
    `${NOT}array "${name}" must be float32, and follow the previous array directly`;
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["a shape of 1e9 numbers", { "dense_1.kernel/shape": [1e9, 4] }, of("dense_1.kernel")],
    ["a shape whose product is too large", { "dense_1.kernel/shape": [1e308, 1e308] }, of("dense_1.kernel")],
    [
      "a shape that overflows to nothing",
      { "dense_1.kernel/shape": [2 ** 53 - 1, 2 ** 53 - 1, 0] },
      of("dense_1.kernel"),
    ],
    ["a negative length", { "dense_1.kernel/shape": [-3, -4] }, of("dense_1.kernel")],
    ["another type", { "dense_1.kernel/dtype": "F64" }, of("dense_1.kernel")],
    ["an array within another", { "dense_1.bias/data_offsets": [0, 16] }, of("dense_1.bias")],
    ["an array beyond the file", { "training.lossSum/data_offsets": [1e9, 1e9 + 4] }, of("training.lossSum")],
    ["an array that is left out", { "dense_1.kernel": undefined }, of("dense_1.bias")],
    ["offsets that are no list", { "dense_1.kernel/data_offsets": { 0: 0, 1: 48 } }, of("dense_1.kernel")],
    ["no object", { "dense_1.kernel": null }, of("dense_1.kernel")],
  ])("refuses %s", async (_, edits, message) => {
    const file = edited(NETWORK, edits, "index");
    for (const load of [loadPredictor, loadModel])
      expect(await outcome(file, load, files[NETWORK].rows)).toBe(message);
  });

  it("refuses bytes that belong to no array", async () => {
    const parts = partsOf(files[NETWORK].bytes);
    const file = sealed({ ...parts, data: new Uint8Array(parts.data.length + 4) });
    expect(await outcome(file, loadModel, [[1, 2, 3]])).toBe(`${NOT}some of its bytes belong to no array`);
  });

  it("may have names that are properties of every object", async () => {
    const { fettle, index, data } = zeros(2, 3, ["tanh"]);
    const text = (value: unknown): string =>
      JSON.stringify(value).replaceAll('"a"', '"__proto__"').replaceAll('"b"', '"constructor"');
    const file = sealed({ fettle: text(fettle), index: text(index), data });
    for (const load of [loadPredictor, loadModel])
      expect(await outcome(file, load, [[1, 2]])).toEqual([0, 0, 0]);
  });
});

describe("the header", () => {
  const MARK = '{"__metadata__":{"crc32":"00000000"';
  it.each<[string, string, string]>([
    ["is not closed", MARK, "its header is not JSON"],
    ["has no description", `${MARK}}}`, "it describes no model"],
    ["has a description that is no text", `${MARK},"fettle":{"toString":1}}}`, "it describes no model"],
    ["has a description that is no JSON", `${MARK},"fettle":"{"}}`, "it describes no model"],
    [
      "has metadata twice, the last of which is no object",
      `${MARK}},"__metadata__":[]}`,
      "its header is not JSON",
    ],
  ])("is refused if it %s", async (_, header, reason) => {
    const file = sealedHeader(header, new Uint8Array(0));
    for (const load of [loadPredictor, loadModel])
      expect(await outcome(file, load, [[1]])).toBe(NOT + reason);
  });

  it.each([0n, 10n, 1n << 32n, (1n << 64n) - 1n])("is refused if its length is %s", async (length) => {
    const bytes = files[NETWORK].bytes.slice();
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    const reason = length < 1000n ? "its header is not JSON" : "it is truncated, or its header is too long";
    expect(await outcome(signed(bytes), loadPredictor, [[1]])).toBe(NOT + reason);
  });
});
