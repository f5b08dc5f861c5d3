/** A program's block as the machine sees it, laid out by hand so that every word of it can be watched. */
import type { Program } from "../../src/compile/program.js";
import * as Block from "../../src/graph/opcodes/block.js";
import { instantiate, kernelsModule } from "../../src/numerics/kernels.js";
import { splitSeed } from "../../src/numerics/philox.js";

/** A NaN that no kernel makes. */
export const CANARY = 0x7fc0dead;
const MARGIN = 64;

/**
 * Runs one step of a program without streams in a block of canaries.
 *
 * @returns float32 arrays by name, and the places (bytes from the block's start, negative before it) of the
 * words outside the header, the arrays given and the arrays read that are no canaries any more
 */
export function runInBlock(
  program: Program,
  given: Readonly<Record<string, readonly number[]>>,
  { seed = 0, rows = program.rows, steps = 1 } = {},
): { read: (name: string) => Float32Array; disturbed: number[] } {
  const kernels = instantiate(kernelsModule());
  const block = Math.ceil(kernels.heap_base() / 16) * 16 + MARGIN * 4;
  const words = program.bytes / 4;
  const code = block + program.bytes + MARGIN * 4;
  kernels.memory.grow(Math.ceil((program.bytes + program.code.length * 4) / 65536) + 1);
  const around = new Uint32Array(kernels.memory.buffer, block - MARGIN * 4, words + 2 * MARGIN).fill(CANARY);
  new Int32Array(kernels.memory.buffer, code, program.code.length).set(program.code);
  const header = new Uint32Array(kernels.memory.buffer, block, Block.HEADER_WORDS).fill(0);
  [header[Block.SeedLow], header[Block.SeedHigh]] = splitSeed(seed);
  header[Block.BatchRows] = rows;

  const slots = [...program.inputs, ...program.state, ...program.outputs];
  const view = (name: string): Float32Array => {
    const { offset, shape } = slots.find((slot) => slot.name === name) as (typeof slots)[number];
    const size = shape.reduce((product, dim) => product * (dim < 0 ? rows : dim), 1);
    return new Float32Array(kernels.memory.buffer, block + offset, size);
  };
  for (const [name, values] of Object.entries(given)) view(name).set(values);
  kernels.run(code, block, steps);

  const known = new Set(Array.from({ length: Block.HEADER_WORDS }, (_, i) => i + MARGIN));
  for (const { name } of slots) {
    const { byteOffset, length } = view(name);
    for (let i = 0; i < length; i++) known.add((byteOffset - block) / 4 + MARGIN + i);
  }
  const disturbed = [...around.keys()]
    .filter((i) => around[i] !== CANARY && !known.has(i))
    .map((i) => (i - MARGIN) * 4);
  return { read: (name) => view(name).slice(), disturbed };
}
