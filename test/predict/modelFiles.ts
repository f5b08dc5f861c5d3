/** Model files to damage, and files with a valid checksum whose contents anyone may have written. */
import { crc32 } from "../../src/crc32.js";
import { contentsOf } from "../../src/model/contents.js";
import { Model } from "../../src/model/model.js";
import { saveModel } from "../../src/model/save.js";
import {
  bidirectional,
  conv2d,
  dense,
  dropout,
  flatten,
  gru,
  type Layer,
  maxPooling2d,
  merge,
  multiHeadAttention,
  repeatVector,
  reshape,
  upSampling1d,
  zeroPadding2d,
} from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { l1l2 } from "../../src/nn/weights/regularizers.js";
import { RandomStream } from "../../src/numerics/random.js";
import { adam } from "../../src/optim/adam.js";
import { cosineDecay } from "../../src/optim/schedules.js";
import { writeContents } from "../../src/predict/description.js";
import type { Rows } from "../../src/predict/rows.js";
import { VERSION } from "../../src/version.js";
import { type ColumnSpec, contentsFrom } from "../model/export/tables.js";
import { trained } from "./networks.js";

/** A model file, and rows that it predicts. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: Rows;
}

const column = (
  name: string,
  kind: ColumnSpec["kind"],
  { categories = [], gaps = false, times = false }: Partial<ColumnSpec> = {},
): ColumnSpec => ({ name, kind, categories, gaps, times });

const COLUMNS = [
  column("age", "number", { gaps: true }),
  column("sex", "boolean", { categories: ["female", "male"] }),
  column("port", "category", { categories: ["C", "Q", "S"], gaps: true }),
  column("day", "date", { times: true }),
];
const ROWS = [
  { age: 31, sex: "male", port: "Q", day: "2004-02-29 10:30" },
  { age: null, sex: "female", port: "", day: "2012-12-31" },
];

/** A network of images and sequences: layers whose sizes a file says. */
function shapedModel(): Uint8Array<ArrayBuffer> {
  const through = (value: ReturnType<typeof input>, ...layers: readonly Layer[]) =>
    layers.reduce((x, layer) => layer.apply(x), value);
  const image = input([4, 4, 1]);
  const patches = [conv2d(2, 3, { padding: "same", activation: "relu" }), zeroPadding2d(1), maxPooling2d(2)];
  const steps = through(image, ...patches, reshape([9, 2]), upSampling1d(2), bidirectional(gru(2)));
  const looked = through(
    image,
    reshape([4, 4]),
    multiHeadAttention(2, 3),
    flatten(),
    repeatVector(2),
    flatten(),
  );
  const outputs = dense(2).apply(merge("concatenate").apply(steps, looked));
  const model = trained(functional({ inputs: image, outputs }), 16, 7, (normal) => normal / 3);
  return saveModel(model);
}

/**
 * Files of each kind: with tables and without, for classes and quantities, with the state of training and
 * without.
 */
export async function modelFiles(): Promise<ModelFile[]> {
  const random = new RandomStream(3, 9);
  const x = Array.from({ length: 12 }, () => [random.normal(), random.normal(), random.normal()]);
  const network = sequential([
    dense(4, { activation: "relu", kernelRegularizer: l1l2({ l1: 1e-3, l2: 1e-2 }) }),
    dropout(0.2),
    dense(1, { activation: "sigmoid", useBias: false }),
  ]);
  const learningRate = cosineDecay({ initialLearningRate: 0.1, decaySteps: 20 });
  network.compile({
    optimizer: adam({ learningRate, clipNorm: 1 }),
    loss: "binaryCrossentropy",
    metrics: ["accuracy"],
  });
  await network.fit(
    x,
    x.map(([a]) => Number(a > 0)),
    { epochs: 2, seed: 5 },
  );
  const table = (spec: Partial<Parameters<typeof contentsFrom>[0]>): Uint8Array<ArrayBuffer> =>
    writeContents(
      contentsFrom({
        columns: COLUMNS,
        classes: [],
        targets: ["price"],
        options: {},
        layers: [],
        threshold: 0.4,
        seed: 2,
        ...spec,
      }),
      VERSION,
    );
  const notes = { params: { units: 4 }, test: { accuracy: 0.5 } };
  return [
    {
      name: "a network of images and sequences",
      bytes: shapedModel(),
      rows: x.slice(0, 2).map((row) => Array.from({ length: 16 }, (_, i) => row[i % 3])),
    },
    {
      name: "a network with its optimizer",
      bytes: new Model(network, undefined, notes).bytes({ optimizer: true }),
      rows: x,
    },
    { name: "a network alone", bytes: writeContents(contentsOf(network, false), VERSION), rows: x },
    {
      name: "two classes",
      bytes: table({
        classes: ["no", "yes"],
        layers: [dense(5, { activation: "gelu" })],
        options: { indicator: true },
      }),
      rows: ROWS,
    },
    {
      name: "three classes",
      bytes: table({
        classes: ["a", "b", "c"],
        options: { encode: "hashed", buckets: 3, scale: "quantile" },
      }),
      rows: ROWS,
    },
    {
      name: "a quantity",
      bytes: table({ options: { encode: "target", target: "log" } }),
      rows: ROWS,
    },
    {
      name: "two quantities",
      bytes: table({
        targets: ["price", "size"],
        options: { minFrequency: 5, scale: "minMax", target: "none" },
      }),
      rows: ROWS,
    },
  ];
}

/** The parts of a model file. */
export interface Parts {
  /** What is described in the metadata. */
  readonly fettle: unknown;
  /** Places of the arrays, by name. */
  readonly index: unknown;
  /** The arrays, end to end. */
  readonly data: Uint8Array;
}

const MARK = '{"__metadata__":{"crc32":"00000000"';

export function partsOf(bytes: Uint8Array): Parts {
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const { __metadata__, ...index } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  return { fettle: JSON.parse(__metadata__.fettle), index, data: bytes.subarray(start) };
}

/** JSON of a value; text is JSON already. */
const jsonOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A file of these parts, whose checksum is right. Description and index are values, or JSON. */
export function sealed({ fettle, index, data }: Parts): Uint8Array<ArrayBuffer> {
  const places = jsonOf(index).trim().slice(1, -1);
  return sealedHeader(
    `${MARK},"fettle":${JSON.stringify(jsonOf(fettle))}}${places === "" ? "" : `,${places}`}}`,
    data,
  );
}

/** @param header - which begins as that of a model file, with zeros for the checksum */
export function sealedHeader(header: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const start = 8 + 8 * Math.ceil(text.length / 8);
  const bytes = new Uint8Array(start + data.length).fill(0x20, 0, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  bytes.set(data, start);
  return signed(bytes);
}

/** With a checksum that is right. */
export function signed(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const place = 8 + MARK.lastIndexOf("00000000");
  const encoder = new TextEncoder();
  bytes.set(encoder.encode("00000000"), place);
  bytes.set(encoder.encode(crc32(bytes).toString(16).padStart(8, "0")), place);
  return bytes;
}

/** Names of fields and numbers of elements, from the outside in. */
export type Path = readonly (string | number)[];

/** Every place in a value, the whole first. */
export function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => placesIn((value as never)[key], [...path, key]))];
}

/** A copy with another value at a place; without it where that is undefined. */
export function replaced(value: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  if (path.length === 0) return change(value);
  const [key, ...rest] = path;
  if (Array.isArray(value))
    return value.flatMap((each, i) => {
      const now = i === key ? replaced(each, rest, change) : each;
      return now === undefined ? [] : [now];
    });
  const entries = Object.entries(value as object).flatMap(([name, each]) => {
    const now = name === key ? replaced(each, rest, change) : each;
    return now === undefined ? [] : [[name, now]];
  });
  return Object.fromEntries(entries);
}
