/** Files that importKeras refuses, and their messages; damaged ones have checksums that agree. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { crc32 } from "../../../src/crc32.js";
import { FettleError } from "../../../src/errors.js";
import { contentsOfKeras } from "../../../src/model/export/importKeras.js";
import { filesIn } from "../../../src/model/export/zip.js";
import { ready } from "../../../src/numerics/kernels.js";
import { cases } from "../../cases.js";
import { refusal } from "../../data/refusal.js";

beforeAll(() => ready());

const { cases: saved } = JSON.parse(
  gunzipSync(readFileSync(new URL("data/keras.json.gz", import.meta.url))).toString(),
) as { readonly cases: readonly { readonly name: string; readonly file: string }[] };
const fileOf = (name: string): Uint8Array =>
  new Uint8Array(Buffer.from(saved.find((each) => each.name === name)?.file as string, "base64"));
const WEIGHTS = "model.weights.h5";

/** An archive of stored files, as PKWARE's APPNOTE has it. */
function zipped(files: ReadonlyMap<string, Uint8Array>, method = 0): Uint8Array {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = [Buffer.from("PK\x03\x04"), common, Buffer.from(name), Buffer.from(bytes)];
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    entries.push(Buffer.from("PK\x01\x02\x14\x00"), common, rest, Buffer.from(name));
    parts.push(...local);
    at += local.reduce((sum, { length }) => sum + length, 0);
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.size, 4);
  end.writeUInt16LE(files.size, 6);
  end.writeUInt32LE(
    entries.reduce((sum, { length }) => sum + length, 0),
    8,
  );
  end.writeUInt32LE(at, 12);
  return new Uint8Array(Buffer.concat([...parts, ...entries, Buffer.from("PK\x05\x06"), end]));
}

/** A file with another member; undefined to leave it out. */
function withMember(file: Uint8Array, name: string, bytes: Uint8Array | undefined): Uint8Array {
  const files = new Map(filesIn(file));
  if (bytes) files.set(name, bytes);
  else files.delete(name);
  return zipped(files);
}

const text = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

it.each<[string, (file: Uint8Array) => unknown, string]>([
  [
    "something else",
    () => "model.keras",
    "invalid_argument: bytes must be a Uint8Array, those of a .keras file",
  ],
  [
    "other bytes",
    () => new Uint8Array(100),
    "invalid_checkpoint: this is not a .keras file: it has no directory",
  ],
  [
    "weights alone",
    (file) => filesIn(file).get(WEIGHTS),
    "unsupported: a file of Keras must be a .keras file; received HDF5, as of model.save_weights or of Keras 2",
  ],
  [
    "half a file",
    (file) => file.subarray(0, file.length / 2),
    "invalid_checkpoint: this is not a .keras file",
  ],
  [
    "a flipped bit",
    (file) => file.map((byte, i) => (i === 200 ? byte ^ 1 : byte)),
    'invalid_checkpoint: this is not a .keras file: file "config.json" is damaged',
  ],
  [
    "compressed files",
    (file) => zipped(filesIn(file), 8),
    'unsupported: file "metadata.json" of the archive must be stored without compression',
  ],
  [
    "no weights",
    (file) => withMember(file, WEIGHTS, undefined),
    "invalid_checkpoint: this is not a .keras file: it has no model.weights.h5",
  ],
  [
    "a topology that is no object",
    (file) => withMember(file, "config.json", text([1])),
    "invalid_checkpoint: config.json must be a JSON object; received [1]",
  ],
  [
    "weights that are no HDF5",
    (file) => withMember(file, WEIGHTS, text("no file of HDF5")),
    "invalid_checkpoint: the weights of the model are damaged: it has no signature of HDF5",
  ],
  [
    "weights of a newer HDF5",
    (file) =>
      withMember(
        file,
        WEIGHTS,
        (filesIn(file).get(WEIGHTS) as Uint8Array).map((b, i) => (i === 8 ? 2 : b)),
      ),
    "unsupported: the weights must be HDF5 as h5py writes it by default",
  ],
  [
    "weights of another model",
    (file) => withMember(file, WEIGHTS, filesIn(fileOf("lstm")).get(WEIGHTS)),
    'invalid_checkpoint: the shape of kernel of layer "dense" must be [4,5]; received [3,1]',
  ],
  [
    "masked steps before a layer that counts them in Keras",
    () => {
      const file = fileOf("gru");
      const config = JSON.parse(new TextDecoder().decode(filesIn(file).get("config.json")));
      const layer = (kind: string, name: string, more: object) => ({
        class_name: kind,
        config: { name, ...more },
      });
      const groups = layer("GroupNormalization", "groups", {
        groups: 3,
        axis: -1,
        center: false,
        scale: false,
      });
      config.config.layers.splice(1, 0, layer("Masking", "masking", { mask_value: 0 }), groups);
      return withMember(file, "config.json", text(config));
    },
    'unsupported: layer "groups" must take sequences without a mask, since Keras shows it padding',
  ],
  [
    "a mask that Keras ignores, before a layer with first states",
    () => {
      const file = fileOf("encoder and decoder of gru");
      const json = JSON.parse(new TextDecoder().decode(filesIn(file).get("config.json")));
      const decoder = json.config.layers.find(({ name }: { name: string }) => name === "gru");
      const [{ args }] = decoder.inbound_nodes;
      const masking = { class_name: "Masking", name: "masking", config: { name: "masking", mask_value: 0 } };
      json.config.layers.push({ ...masking, inbound_nodes: [{ args: structuredClone(args), kwargs: {} }] });
      args[0].config.keras_history = ["masking", 0, 0];
      return withMember(file, "config.json", text(json));
    },
    'unsupported: layer "gru" must take a sequence without a mask, since Keras ignores the mask of a layer with an initial_state; received one of masking or maskZero',
  ],
  ...["other ids", "another number"].map((what): [string, () => unknown, string] => [
    `a mask of ${what}`,
    () => {
      const file = fileOf("ids with padding, encoded");
      const json = new TextDecoder().decode(filesIn(file).get("config.json"));
      const config = JSON.parse(json);
      const [comparison] = config.config.layers.filter(
        (each: { class_name: string }) => each.class_name === "NotEqual",
      );
      const [{ args }] = comparison.inbound_nodes;
      if (what === "another number") args[1] = 1;
      else args[0].config.keras_history = ["embedding", 0, 0];
      return withMember(file, "config.json", text(config));
    },
    'unsupported: the mask of layer "lstm" must be that of Masking or of mask_zero before it; received another',
  ]),
  [
    "fewer layers than weights",
    (file) => {
      const config = JSON.parse(new TextDecoder().decode(filesIn(file).get("config.json")));
      config.config.layers.pop();
      return withMember(file, "config.json", text(config));
    },
    'invalid_checkpoint: this is not a layers model: none of its layers has the weights ["layers/dense_1/vars/0",',
  ],
  ...[
    [
      "a change of images whose ends are of different size",
      "RandomZoom",
      { height_factor: [-0.1, 0.2] },
      'height_factor of layer "change" must be a number of at least 0, or a pair of -f and f; received [-0.1,0.2]',
    ],
    [
      "another way to flip images",
      "RandomFlip",
      { mode: "diagonal" },
      'mode of layer "change" must be one of horizontal, vertical, horizontal_and_vertical; received "diagonal"',
    ],
    [
      "a layer of training that Fettle does not have",
      "RandomContrast",
      { factor: [0, 0.1] },
      'layer "change" must be one that Fettle has; received "RandomContrast", which does nothing in prediction: save a copy of the model without it',
    ],
  ].map(([what, kind, config, message]): [string, () => unknown, string] => [
    what as string,
    () => {
      const file = fileOf("images");
      const json = JSON.parse(new TextDecoder().decode(filesIn(file).get("config.json")));
      json.config.layers.splice(1, 0, {
        class_name: kind,
        config: { name: "change", ...(config as object) },
      });
      return withMember(file, "config.json", text(json));
    },
    `unsupported: ${message}`,
  ]),
])("refuses %s", async (_, change, message) => {
  const error = await refusal(() => contentsOfKeras(change(fileOf("dense, relu")) as Uint8Array));
  expect(error).toContain(message);
});

it("refuses files that overlap, whatever time they would take", () => {
  const file = zipped(new Map([["config.json", new Uint8Array(2_000_000)]]));
  const view = new DataView(file.buffer);
  const end = file.length - 22;
  const entry = file.slice(view.getUint32(end + 16, true), end);
  const many = Array.from({ length: 10_000 }, (_, i) => {
    const own = entry.slice();
    own.set(new TextEncoder().encode(`f${String(i).padStart(10, "0")}`), 46);
    return own;
  });
  const last = file.slice(end);
  new DataView(last.buffer).setUint16(10, many.length, true);
  const bomb = new Uint8Array(Buffer.concat([file.slice(0, file.length - entry.length - 22), ...many, last]));
  expect(() => contentsOfKeras(bomb)).toThrow("this is not a .keras file: its files are longer than it is");
});

it("refuses groups within groups without end, and names without an end", () => {
  const file = fileOf("dense, relu");
  const weights = filesIn(file).get(WEIGHTS) as Uint8Array;
  const view = new DataView(weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length));
  // a chain of nodes behind the file, of which each is the only child of the one before
  const LEVELS = 20_000;
  const chain = Buffer.alloc(48 * LEVELS);
  for (let i = 0; i < LEVELS; i++) {
    chain.write("TREE", 48 * i, "latin1");
    chain.writeUInt16LE(1, 48 * i + 6);
    chain.writeBigUInt64LE(BigInt(weights.length + 48 * Math.min(i + 1, LEVELS - 1)), 48 * i + 32);
  }
  const root = Number(view.getBigUint64(64, true));
  const deep = Buffer.concat([Buffer.from(view.buffer), chain]);
  for (let at = root + 16; ; at += 8 + deep.readUInt16LE(at + 2)) {
    if (deep.readUInt16LE(at) !== 0x11) continue;
    deep.writeBigUInt64LE(BigInt(weights.length), at + 8);
    break;
  }
  expect(() => contentsOfKeras(withMember(file, WEIGHTS, new Uint8Array(deep)))).toThrow(
    "its groups are nested more than 100 deep",
  );
  // the first name of the root is behind the file
  const endless = Buffer.concat([Buffer.from(view.buffer), Buffer.alloc(2000, "A")]);
  const names = endless.readBigUInt64LE(endless.indexOf("HEAP") + 24);
  endless.writeBigUInt64LE(BigInt(weights.length) - names, endless.indexOf("SNOD") + 8);
  expect(() => contentsOfKeras(withMember(file, WEIGHTS, new Uint8Array(endless)))).toThrow(
    "has no end within 1000 bytes",
  );
});

it("reads its own archive as Keras'", () => {
  const file = fileOf("dense, relu");
  expect(contentsOfKeras(zipped(filesIn(file)))).toEqual(contentsOfKeras(file));
});

it("refuses weights that are damaged anywhere, or reads them, in bounded time", () => {
  const file = fileOf("lstm");
  const weights = filesIn(file).get(WEIGHTS) as Uint8Array;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(weights.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      (changes) => {
        const changed = weights.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        try {
          contentsOfKeras(withMember(file, WEIGHTS, changed));
        } catch (error) {
          if (!(error instanceof FettleError)) throw error;
        }
      },
    ),
    { numRuns: cases(300) },
  );
});
