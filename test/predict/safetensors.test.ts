/** Model files as safetensors: another reader finds the same arrays, and metadata that are text. */
import { safetensors } from "@jax-js/loaders";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/predict/safetensors.js";
import { cases } from "../cases.js";

const name = fc
  .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
  .filter((text) => text !== "__metadata__");
const array = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc
    .array(fc.float(), { minLength: size, maxLength: size })
    .map((numbers) => ({ shape, data: Float32Array.from(numbers) }));
});
const files = fc.record({
  tensors: fc.dictionary(name, array, { maxKeys: 6, noNullPrototype: true }),
  metadata: fc.dictionary(
    name.filter((text) => text !== "crc32"),
    fc.string({ unit: "grapheme" }),
    { maxKeys: 3, noNullPrototype: true },
  ),
});

describe("safetensors", () => {
  it("are read by the reader of jax-js", () => {
    fc.assert(
      fc.property(files, ({ tensors, metadata }) => {
        const { tensors: read, metadata: texts } = safetensors.parse(writeSafetensors(tensors, metadata));
        expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, { shape, data }] of Object.entries(tensors))
          expect(read[name]).toEqual({ dtype: "F32", shape, data });
        expect(texts).toEqual({ crc32: expect.stringMatching(/^[0-9a-f]{8}$/), ...metadata });
      }),
      { numRuns: cases(200) },
    );
  });

  it("are read as they were written, from any place in memory", () => {
    fc.assert(
      fc.property(files, fc.integer({ min: 0, max: 7 }), ({ tensors, metadata }, offset) => {
        const bytes = writeSafetensors(tensors, metadata);
        const moved = new Uint8Array(bytes.length + offset).subarray(offset);
        moved.set(bytes);
        const read = readSafetensors(moved);
        expect(read.tensors).toEqual(tensors);
        expect(read.metadata).toMatchObject(metadata);
      }),
      { numRuns: cases(200) },
    );
  });

  it("are not written with a header that is too long to be read", () => {
    const most = 2 ** 26;
    const head = 8 + JSON.stringify({ __metadata__: { crc32: "00000000", text: "" } }).length;
    const textOf = (length: number) => ({ text: "a".repeat(length) });
    const { metadata } = readSafetensors(writeSafetensors({}, textOf(most + 8 - head)));
    expect(String(metadata.text).length).toBe(most + 8 - head);
    expect(() => writeSafetensors({}, textOf(most + 9 - head))).toThrow(
      `a model file must describe its table and network in at most ${most} bytes; received ${most + 8}`,
    );
  });

  it("must be all there, and as they were written", () => {
    const bytes = writeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } }, { b: "c" });
    for (let i = 0; i < bytes.length; i++) {
      expect(() => readSafetensors(bytes.subarray(0, i))).toThrow(/^this is not a model file of Fettle/);
      const changed = bytes.slice();
      changed[i] ^= 1;
      expect(() => readSafetensors(changed)).toThrow(/^this is not a model file of Fettle/);
    }
    expect(() => readSafetensors(new Uint8Array([...bytes, 0]))).toThrow(/its checksum does not match/);
    expect(() => readSafetensors([...bytes] as never)).toThrow(
      /it must be a Uint8Array; pass the bytes of the file/,
    );
  });
});
