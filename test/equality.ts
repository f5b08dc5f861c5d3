/**
 * Typed arrays with the same bits are equal at once: vitest compares them number by number, each as a field
 * of an object, which takes seconds for a model file. Others are compared as ever. Loaded once for a process.
 */
import { expect } from "vitest";

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function haveSameBits(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0 || undefined;
}

expect.addEqualityTesters([haveSameBits]);
