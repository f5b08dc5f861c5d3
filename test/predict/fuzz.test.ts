/**
 * Model files that are damaged, or that anyone may have written: each is refused with a FettleError, or
 * predicts. Nothing is larger than the file makes it.
 */
import { Script } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { exportJs } from "../../src/model/export/js.js";
import type { Model } from "../../src/model/model.js";
import { networkFrom } from "../../src/model/network.js";
import { loadModel } from "../../src/model/save.js";
import { ready } from "../../src/numerics/kernels.js";
import { readContents } from "../../src/predict/description.js";
import { loadPredictor, type Predictor } from "../../src/predict/predictor.js";
import { cases } from "../cases.js";
import { attempt, withinMemory } from "./attempt.js";
import { type ModelFile, modelFiles, type Path, partsOf, placesIn, replaced, sealed } from "./modelFiles.js";

let files: readonly ModelFile[];
/** What each file predicts as it was written. */
let whole: readonly (readonly number[])[];
beforeAll(async () => {
  await ready();
  files = await modelFiles();
  whole = await Promise.all(
    files.map(async ({ bytes, rows }) => predicted(await loadPredictor(bytes), rows)),
  );
});

const predicted = (model: Predictor | Model, rows: ModelFile["rows"]): number[] =>
  Array.from(model.predict(rows).data as Float32Array);

/** The ways in which a file is read. */
const READERS = { readContents, loadPredictor, loadModel };

it("every file is read as it was written", async () => {
  for (const [i, { bytes, rows }] of files.entries()) {
    expect(predicted(await loadModel(bytes), rows)).toEqual(whole[i]);
    expect(whole[i].length).toBeGreaterThan(1);
    const { fettle, index, data } = partsOf(bytes);
    expect(sealed({ fettle, index, data })).toEqual(bytes);
  }
});

/** A number in [0, 1), each as likely; `fc.double` prefers those near 0. */
const share = fc.noBias(fc.nat({ max: 999_999 })).map((millionths) => millionths / 1_000_000);

describe("a damaged file", () => {
  const noise = fc.uint8Array({ minLength: 1, maxLength: 12 });
  const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
  type Damage = (bytes: Uint8Array, other: Uint8Array) => Uint8Array;
  const damage = fc.oneof<fc.Arbitrary<Damage>[]>(
    fc.tuple(share, fc.nat({ max: 7 })).map(([at, bit]) => (bytes) => {
      const copy = bytes.slice();
      copy[Math.floor(at * copy.length)] ^= 1 << bit;
      return copy;
    }),
    fc.tuple(share, noise).map(([at, noise]) => (bytes) => {
      const copy = bytes.slice();
      copy.set(noise, Math.floor(at * (copy.length - noise.length)));
      return copy;
    }),
    share.map((at) => (bytes) => bytes.slice(0, Math.floor(at * bytes.length))),
    share.map((at) => (bytes) => bytes.slice(1 + Math.floor(at * bytes.length))),
    fc.tuple(share, noise).map(([at, noise]) => (bytes) => {
      const cut = Math.floor(at * (bytes.length + 1));
      return joined(bytes.subarray(0, cut), noise, bytes.subarray(cut));
    }),
    fc.tuple(share, share).map(([from, to]) => (bytes) => {
      const cuts = [from, to].map((at) => Math.floor(at * bytes.length)).sort((a, b) => a - b);
      return joined(bytes.subarray(0, cuts[0]), bytes.subarray(cuts[1]));
    }),
    fc.tuple(share, share).map(([from, to]) => (bytes, other) => {
      const head = bytes.subarray(0, Math.floor(from * bytes.length));
      return joined(head, other.subarray(Math.floor(to * other.length)));
    }),
    // the halves of two files at the same place, as after a write that was cut short
    share.map((at) => (bytes, other) => {
      const cut = Math.floor(at * Math.min(bytes.length, other.length));
      return joined(bytes.subarray(0, cut), other.subarray(cut));
    }),
  );

  it("is refused by every reader, or it is whole", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5 }), fc.nat({ max: 5 }), damage, async (i, j, damage) => {
        const file = damage(files[i].bytes, files[j].bytes);
        const same = [i, j].find((each) => Buffer.compare(file, files[each].bytes) === 0);
        for (const read of Object.values(READERS)) {
          const result = await attempt<unknown>(() => read(file));
          expect(result instanceof FettleError ? result.code : undefined).toBe(
            same === undefined ? "invalid_checkpoint" : undefined,
          );
        }
      }),
      { numRuns: cases(4000) },
    );
  });
});

describe("a file with a valid checksum", () => {
  const deep = (open: string, close: string): string => `${open.repeat(20_000)}1${close.repeat(20_000)}`;
  /** Text that takes the place of a text, since it is too deep for JSON.stringify. */
  const DEEP: Readonly<Record<string, string>> = {
    "@list": deep("[", "]"),
    "@object": deep('{"a":', "}"),
    "@piece": deep('{"name":"warmup","options":{"learningRate":', "}}"),
  };
  /** Fields that an object may be given, and their values. */
  const FIELDS = Object.entries({
    knots: [
      null,
      [],
      [
        [3, 1],
        [1, 3],
      ],
      [[1]],
      "x",
    ],
    groups: [[], [1e9]],
    custom: [true, false],
    format: [{ decimal: ",", group: "," }],
    shape: [[0, 1e9]],
    targets: [[]],
    length: [1e9],
    units: [1e9],
    seed: [-1],
    toJSON: [1],
    toString: [1],
    constructor: [null],
    log: ["log"],
    function: ["x"],
    name: ["x"],
    kind: ["toString"],
    dateOrder: ["dmy"],
    ["__proto__"]: [{ kernel: "x", type: "level" }],
  }).flatMap(([key, values]) => (values as unknown[]).map((value) => [key, value] as const));
  type Change = (value: unknown) => unknown;
  const other = fc.constantFrom<unknown>(
    ...[undefined, null, true, false, "", "x", "input", "__proto__", "constructor", "dense_1.kernel"],
    ...[-1, 0, 0.5, 1, 2, 1e9, 2 ** 32, 2 ** 53, 5e-324, -1e308, 1e308],
    ...[[], {}, [[]], { length: 1e9 }, { toString: 1, valueOf: 1 }, new Array(20_000).fill(0)],
    ...[
      "number",
      "date",
      "category",
      "classification",
      "regression",
      "dropout",
      "activation",
      "softmax",
      "sgd",
    ],
    ...Object.keys(DEEP),
  );
  const change = fc.oneof<fc.MaybeWeightedArbitrary<Change>[]>(
    { weight: 6, arbitrary: other.map((other) => () => other) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(...FIELDS)
        .map(
          (field) => (value) =>
            typeof value === "object" && value !== null && !Array.isArray(value)
              ? Object.fromEntries([...Object.entries(value), field])
              : Object.fromEntries([field]),
        ),
    },
    fc.constant((value) => [value]),
    fc.constant((value: unknown) => (Array.isArray(value) ? [...value, ...value] : [value, value])),
    fc.constant((value: unknown) => (Array.isArray(value) ? [...value].reverse() : { value })),
    fc.integer({ min: -2, max: 2 }).map((by) => (value) => (typeof value === "number" ? value + by : by)),
  );
  interface Spot {
    readonly file: number;
    readonly part: "fettle" | "index";
    readonly path: Path;
  }
  /** One place of each kind: those that differ in nothing but an index count once. */
  let spots: readonly Spot[];
  beforeAll(() => {
    const all = files.flatMap(({ bytes }, file) =>
      (["fettle", "index"] as const).flatMap((part) =>
        placesIn(partsOf(bytes)[part]).map((path): Spot => ({ file, part, path })),
      ),
    );
    const kindOf = ({ part, path }: Spot): string =>
      [part, ...path.map((key) => (typeof key === "number" ? "#" : key))].join();
    spots = [...new Map(all.map((spot) => [kindOf(spot), spot])).values()];
  });
  /** A change at a spot, and often one at another place of the same file. */
  const edits = fc.record({ first: share, change, second: fc.option(fc.tuple(share, change)) });
  type Edits = typeof edits extends fc.Arbitrary<infer T> ? T : never;

  function edited({ first, change, second }: Edits): {
    readonly file: Uint8Array;
    readonly rows: ModelFile["rows"];
  } {
    const { file, part, path } = spots[Math.floor(first * spots.length)];
    const { bytes, rows } = files[file];
    const parts: Record<string, unknown> = { ...partsOf(bytes) };
    parts[part] = replaced(parts[part], path, change) ?? null;
    if (second) {
      const places = placesIn(parts.fettle);
      parts.fettle = replaced(parts.fettle, places[Math.floor(second[0] * places.length)], second[1]) ?? null;
    }
    const text = (value: unknown): string =>
      JSON.stringify(value).replace(/"(@\w+)"/g, (quoted, name) => DEEP[name] ?? quoted);
    return {
      rows,
      file: sealed({ fettle: text(parts.fettle), index: text(parts.index), data: partsOf(bytes).data }),
    };
  }

  it("is refused, or gives numbers: the same from the predictor and from the model", async () => {
    await fc.assert(
      fc.asyncProperty(edits, async (edits) => {
        const { file, rows } = edited(edits);
        const contents = await attempt(() => withinMemory(file, async () => readContents(file)));
        const fromPredictor = await attempt(() =>
          withinMemory(file, async () => {
            const predictor = await loadPredictor(file);
            expectAnswers(predictor.answers(rows));
            return predicted(predictor, rows);
          }),
        );
        const model = await attempt(() => withinMemory(file, () => loadModel(file)));
        const fromModel = model instanceof FettleError ? model : await attempt(() => predicted(model, rows));
        if (contents instanceof FettleError) {
          expect(contents.code).toBe("invalid_checkpoint");
          for (const result of [fromPredictor, fromModel])
            expect(result).toMatchObject({ code: "invalid_checkpoint" });
          return;
        }
        if (!(fromPredictor instanceof FettleError || fromModel instanceof FettleError))
          expect(fromModel).toEqual(fromPredictor);
        const text = await attempt(() => exportJs(networkFrom(contents, {}, false), contents.table));
        if (typeof text === "string") new Script(text.replaceAll(/^export /gm, ""));
      }),
      { numRuns: cases(500) },
    );
  });

  /** Answers of a model that was read have names, and numbers that JSON may lack. */
  function expectAnswers(answers: readonly object[]): void {
    for (const answer of answers) {
      const { class: name, probabilities, ...quantities } = answer as Record<string, unknown>;
      if (probabilities !== undefined) expect(typeof name).toBe("string");
      for (const value of Object.values((probabilities as object) ?? quantities))
        expect(typeof value).toBe("number");
    }
  }
});
