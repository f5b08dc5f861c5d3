import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { beforeAll, describe, expect, it } from "vitest";
import { errorF32, worst } from "./ulp.js";

/** pow_f32x4 is reached through programs only, so the test compiles an entry of its own around it. */
const ENTRY = `
import { pow_f32x4 } from "./f32-pow";
export function pow_f32(x: usize, y: usize, out: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    v128.store(out + i, pow_f32x4(v128.load(x + i), v128.load(y + i)));
  }
}`;

const SIZE = 1 << 16;
let pow: (xs: Float32Array, ys: Float32Array) => Float32Array;

beforeAll(async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [
      "kernels/math/entry.ts",
      ...["--outFile", "entry.wasm", "--baseDir", root, "--enable", "simd", "--runtime", "stub"],
      ...["--noAssert", "-O3", "--initialMemory", "16"],
    ],
    {
      readFile(name, base) {
        if (name === "kernels/math/entry.ts") return ENTRY;
        try {
          return readFileSync(`${base}/${name}`, "utf8");
        } catch {
          return null; // the compiler tries several names
        }
      },
      writeFile(_name, contents) {
        binary = Uint8Array.from(contents as Uint8Array);
      },
    },
  );
  if (error || !binary) throw new Error(stderr.toString(), { cause: error });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary));
  const { memory, pow_f32 } = instance.exports as unknown as {
    memory: WebAssembly.Memory;
    pow_f32(x: number, y: number, out: number, n: number): void;
  };
  const arrays = [0, 1, 2].map((i) => new Float32Array(memory.buffer, 65536 + i * SIZE * 4, SIZE));
  pow = (xs, ys) => {
    arrays[0].set(xs);
    arrays[1].set(ys);
    pow_f32(arrays[0].byteOffset, arrays[1].byteOffset, arrays[2].byteOffset, xs.length);
    return arrays[2].slice(0, xs.length);
  };
});

/** IEEE 754's pow by JavaScript's, which differs for 1 ** NaN and (+-1) ** (+-infinity). */
function oracle(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

/** 32 random bits from an index: a multiplicative hash. */
function hash(i: number, salt: number): number {
  let h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

describe("float32 pow", () => {
  it("has IEEE 754's special cases, with signs", () => {
    const specials = [
      ...[0, 1, 2, 0.5, 3, 1.5, 2.5, 1e-45, 16777215, 16777216, 16777217, 3e38, Infinity],
      ...[-0, -1, -2, -0.5, -3, -1.5, -2.5, -1e-45, -16777215, -16777216, -3e38, -Infinity, NaN],
    ].map(Math.fround);
    const pairs = specials.flatMap((x) => specials.map((y) => [x, y] as const));
    while (pairs.length % 4 > 0) pairs.push([1, 1]);
    const got = pow(
      Float32Array.from(pairs, ([x]) => x),
      Float32Array.from(pairs, ([, y]) => y),
    );
    const label = (i: number, z: number) =>
      `${pairs[i][0]} ^ ${pairs[i][1]} = ${Object.is(z, -0) ? "-0" : z}`;
    expect([...got].map((z, i) => label(i, z))).toEqual(
      pairs.map(([x, y], i) => label(i, Math.fround(oracle(x, y)))),
    );
  });

  it.each<[string, (x: number, i: number) => number]>([
    ["any exponent", (_x, i) => new Float32Array(Uint32Array.of(hash(i, 1)).buffer)[0]],
    ["results of every size", (x, i) => ((hash(i, 2) / 2 ** 32) * 310 - 155) / Math.log2(Math.abs(x))],
    ["whole exponents", (x, i) => Math.round(((hash(i, 3) / 2 ** 32) * 310 - 155) / Math.log2(Math.abs(x)))],
    ["squares", () => 2],
    ["square roots", () => 0.5],
  ])("is within 0.51 ulp for %s", (_name, exponent) => {
    const xs = new Float32Array(Uint32Array.from({ length: SIZE }, (_, i) => hash(i, 0)).buffer);
    const ys = xs.map(exponent);
    const zs = pow(xs, ys);
    const found = worst(xs, (i) => errorF32(zs[i], oracle(xs[i], ys[i])));
    expect(found.error, `at ${found.at}`).toBeLessThanOrEqual(0.51);
    expect(found.error).toBeGreaterThan(0.4);
  });

  it("is within 0.51 ulp for bases near 1 with huge exponents", () => {
    const xs = Float32Array.from(
      { length: SIZE },
      (_, i) => 1 + (hash(i, 4) / 2 ** 32 - 0.5) * 2 ** -(i % 22),
    );
    const ys = xs.map((x, i) => (x === 1 ? 1 : ((hash(i, 5) / 2 ** 32) * 310 - 155) / Math.log2(x)));
    const zs = pow(xs, ys);
    const found = worst(xs, (i) => errorF32(zs[i], oracle(xs[i], ys[i])));
    expect(found.error, `at ${found.at}`).toBeLessThanOrEqual(0.51);
  });
});
