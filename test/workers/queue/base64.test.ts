/** Bytes as text, in pieces that a call takes. */
import { expect, it } from "vitest";
import { fromBase64, toBase64 } from "../../../src/workers/queue/base64.js";

it.each([0, 1, 2 ** 13 - 1, 2 ** 13, 2 ** 13 + 1, 3 * 2 ** 13, 200_000])("of %i bytes", (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) % 256);
  const text = toBase64(bytes);
  expect(text).toBe(Buffer.from(bytes).toString("base64"));
  expect(fromBase64(text)).toEqual(bytes);
});
