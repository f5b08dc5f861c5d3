/** The checksum against zlib's, which ends each gzip file. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32 } from "../src/crc32.js";
import { cases } from "./cases.js";

it("is zlib's, of bytes that begin anywhere", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(8), (all, from) => {
      const bytes = all.subarray(Math.min(from, all.length));
      const gzip = gzipSync(bytes);
      expect(crc32(bytes)).toBe(gzip.readUInt32LE(gzip.length - 8));
    }),
    { numRuns: cases(300) },
  );
});

it("has the check value of CRC-32/ISO-HDLC", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

it("goes on from a part", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(70), (bytes, at) => {
      expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(crc32(bytes));
    }),
    { numRuns: cases(300) },
  );
});
