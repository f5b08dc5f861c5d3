/** The arena against a list of what is in use, and the limit of memory. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { Arena } from "../../src/engine/arena.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import { instantiate, kernels, kernelsModule } from "../../src/numerics/kernels.js";
import { cases } from "../cases.js";

const MIB = 2 ** 20;
const PAGE = 65536;
/** A memory of 1 MiB, as the kernels begin with. */
const memory = (): WebAssembly.Memory => instantiate(kernelsModule()).memory;

describe("blocks", () => {
  it("never overlap, are zeros, are counted, and all come back", () => {
    const anyAction = fc.record({
      free: fc.boolean(),
      pick: fc.nat(),
      bytes: fc.oneof(fc.nat(64), fc.nat(200000)),
    });
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 60, size: "max" }), fc.nat(1000), (actions, base) => {
        const host = memory();
        const arena = new Arena(host, base, 64 * MIB);
        const used: { address: number; bytes: number }[] = [];
        for (const { free, pick, bytes } of actions) {
          if (free && used.length > 0) {
            const [{ address }] = used.splice(pick % used.length, 1);
            arena.free(address);
          } else {
            const address = arena.allocate(bytes);
            expect(address % 16).toBe(0);
            expect(address).toBeGreaterThanOrEqual(base);
            expect(address + bytes).toBeLessThanOrEqual(host.buffer.byteLength);
            for (const other of used) {
              const apart = address + bytes <= other.address || other.address + other.bytes <= address;
              expect(apart, `${address} and ${other.address}`).toBe(true);
            }
            const block = new Uint8Array(host.buffer, address, bytes);
            expect(block.every((byte) => byte === 0)).toBe(true);
            block.fill(0xff);
            used.push({ address, bytes });
          }
          const whole = used.reduce((sum, block) => sum + Math.max(16, Math.ceil(block.bytes / 16) * 16), 0);
          expect(arena.bytesInUse).toBe(whole);
        }
        for (const { address } of used) arena.free(address);
        expect(arena.bytesInUse).toBe(0);
        // all of it is one piece again
        const size = host.buffer.byteLength - Math.ceil(base / 16) * 16;
        arena.allocate(size - (size % 16));
        expect(host.buffer.byteLength).toBe(Math.max(MIB, size + Math.ceil(base / 16) * 16));
      }),
      { numRuns: cases(150) },
    );
  });

  it("refuses to free twice", () => {
    const arena = new Arena(memory(), 0, MIB);
    const address = arena.allocate(100);
    arena.free(address);
    expect(() => arena.free(address)).toThrow(expect.objectContaining({ code: "invalid_state" }));
    expect(() => arena.free(3)).toThrow(expect.objectContaining({ code: "invalid_state" }));
  });
});

describe("the limit", () => {
  const limited = (code: string, ...figures: number[]): unknown =>
    expect.objectContaining({
      code,
      message: expect.stringMatching(new RegExp(figures.map(String).join(".*"))),
    });

  it("is an error that names both figures, and leaves everything as it was", () => {
    const engine = createEngine({ memoryLimit: 2 * MIB });
    const x = engine.matrix(1000, 10);
    const before = engine.bytesInUse;
    // what the kernels use, both matrices, in whole pages
    const needed = Math.ceil((kernels().heap_base() + 40_000 + 8_000_000) / PAGE) * PAGE;
    expect(() => engine.matrix(1000, 2000)).toThrow(limited("memory_limit", needed, 2 * MIB));
    expect(engine.bytesInUse).toBe(before);
    engine.matrix(1000, 10).free();
    x.free();
    expect(engine.bytesInUse).toBe(0);
  });

  it("holds for less than the memory that the kernels start with", () => {
    const engine = createEngine({ memoryLimit: 300_000 });
    expect(() => engine.matrix(1000, 100)).toThrow(limited("memory_limit", 300000));
  });

  it("holds for runs", () => {
    const engine = createEngine({ memoryLimit: 2 * MIB });
    const program = compileStep({ inputs: { x: [1000, 1000] } }, 1, ({ inputs: { x } }) => ({
      outputs: { y: f.sum(x) },
    }));
    expect(() => engine.start(program)).toThrow(expect.objectContaining({ code: "memory_limit" }));
    expect(engine.bytesInUse).toBe(0);
  });

  it.each([0, -5, 1.5, Number.NaN])("may not be %d", (memoryLimit) => {
    expect(() => createEngine({ memoryLimit })).toThrow(limited("invalid_argument", memoryLimit));
  });
});

it("a hundred runs after another need no more memory than the first", () => {
  const engine = createEngine({ memoryLimit: 3 * MIB });
  for (let i = 0; i < 100; i++) {
    const columns = 1 + (i % 50);
    const program = compileStep(
      { streams: { x: columns }, state: { w: [columns, 64] } },
      32,
      ({ streams, state }) => ({
        state: { w: f.sub(state.w, f.matmul(f.transpose(streams.x), f.matmul(streams.x, state.w))) },
      }),
    );
    const x = engine.matrix(500, columns);
    const run = engine.start(program, { streams: { x } });
    run.advance(1);
    run.free();
    x.free();
    expect(engine.bytesInUse).toBe(0);
  }
});
