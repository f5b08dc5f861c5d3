/** Values as bytes: they are read back exactly, or refused. For corrupted tuners see test/tune/resume. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArchiveFormat, packArchive, unpackArchive } from "../../src/workers/archive.js";
import { prop } from "../prop.js";

const format: ArchiveFormat = { magic: "a/format", version: 3, oldest: 2, what: "an archive" };

const arrays = fc.oneof(
  fc.float32Array({ maxLength: 5 }),
  fc.float64Array({ maxLength: 5 }),
  fc.int32Array({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 13 }),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null), arrays),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$", "a")), tie("tree"), { maxKeys: 4 }),
  ),
}));

prop([fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tree, { maxKeys: 4 })])(
  "gives back what it was given, to the bit",
  (sections) => {
    const bytes = packArchive(format, sections);
    expect(unpackArchive(format, bytes)).toEqual(Object.assign({}, sections));
    // somewhere within other bytes too
    const offset = 5;
    const within = new Uint8Array(bytes.length + 9);
    within.set(bytes, offset);
    expect(unpackArchive(format, within.subarray(offset, offset + bytes.length))).toEqual(
      Object.assign({}, sections),
    );
  },
);

it("reads a Buffer of Node at any offset within its memory", () => {
  const sections = { a: [new Float32Array([1, 2, 3]), new Float64Array([0.1])] };
  const bytes = packArchive(format, sections);
  const buffer = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  expect(unpackArchive(format, buffer)).toEqual(sections);
});

it("keeps numbers that JSON lacks, and views of part of a buffer", () => {
  const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];
  const part = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  const { a } = unpackArchive(format, packArchive(format, { a: { numbers, part } }));
  const back = a as { numbers: number[]; part: Float32Array };
  expect(back.numbers.map((each, i) => Object.is(each, numbers[i]))).toEqual(new Array(5).fill(true));
  expect(back.part).toEqual(new Float32Array([2, 3]));
});

describe("bytes are refused", () => {
  const bytes = packArchive(format, { a: [1, 2, 3] });
  const changed = (at: number, to: number) => {
    const copy = bytes.slice();
    copy[at] = to;
    return copy;
  };
  it.each<[string, Uint8Array, RegExp]>([
    ["of another format", packArchive({ ...format, magic: "b/format" }, {}), /must begin with "a\/format"/],
    [
      "of a newer release",
      packArchive({ ...format, version: 4 }, {}),
      /newer release \(version 4; .* up to 3\)/,
    ],
    [
      "of a version that is no longer read",
      packArchive({ ...format, version: 1 }, {}),
      /older release \(version 1; .* from 2\); open it with that release/,
    ],
    ["of version 0", packArchive({ ...format, version: 0 }, {}), /its version is 0/],
    ["that were cut", bytes.slice(0, -1), /it was truncated/],
    ["of length 0", new Uint8Array(0), /received 0 other bytes/],
    ["with another byte", changed(bytes.length - 1, 9), /its checksum/],
  ])("%s", (_, given, message) => {
    expect(() => unpackArchive(format, given)).toThrow(message);
  });
});
