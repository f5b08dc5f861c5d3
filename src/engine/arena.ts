/**
 * Memory of one WebAssembly instance, handed out in blocks. A block is a run or a matrix
 * and is freed as one. It knows nothing about the contents.
 */
import { FettleError } from "../errors.js";
import type { KernelMemory } from "../numerics/kernels.js";

const PAGE = 65536;
const ALIGNMENT = 16;

interface Gap {
  start: number;
  end: number;
}

export class Arena {
  /** Free ranges, by address, never touching. */
  private readonly gaps: Gap[] = [];
  private readonly sizes = new Map<number, number>();
  private top: number;
  bytesInUse = 0;

  /** @param limit - the most bytes the memory may grow to */
  constructor(
    private readonly memory: KernelMemory,
    base: number,
    private readonly limit: number,
  ) {
    this.top = Math.ceil(base / ALIGNMENT) * ALIGNMENT;
  }

  /**
   * The address of a new block of zeros.
   *
   * @param zeros - false if the caller fills the block, whose contents are then undefined
   * @throws FettleError `memory_limit`
   */
  allocate(bytes: number, zeros = true): number {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    const gap = this.gaps.findIndex(({ start, end }) => end - start >= size);
    let address: number;
    if (gap >= 0) {
      address = this.gaps[gap].start;
      this.gaps[gap].start += size;
      if (this.gaps[gap].start === this.gaps[gap].end) this.gaps.splice(gap, 1);
    } else {
      address = this.top;
      this.grow(address + size);
      this.top = address + size;
    }
    this.sizes.set(address, size);
    this.bytesInUse += size;
    if (zeros) new Uint8Array(this.memory.buffer, address, size).fill(0);
    return address;
  }

  /** Frees a block. @throws FettleError `invalid_state` if it is not in use. */
  free(address: number): void {
    const size = this.sizes.get(address);
    if (size === undefined) throw new FettleError("invalid_state", "this memory was already freed");
    this.sizes.delete(address);
    this.bytesInUse -= size;
    const next = this.gaps.findIndex(({ start }) => start > address);
    this.gaps.splice(next < 0 ? this.gaps.length : next, 0, { start: address, end: address + size });
    for (let i = this.gaps.length - 1; i > 0; i--) {
      if (this.gaps[i - 1].end !== this.gaps[i].start) continue;
      this.gaps[i - 1].end = this.gaps[i].end;
      this.gaps.splice(i, 1);
    }
    const last = this.gaps[this.gaps.length - 1];
    if (last?.end === this.top) {
      this.top = last.start;
      this.gaps.pop();
    }
  }

  private grow(end: number): void {
    const missing = Math.max(0, Math.ceil((end - this.memory.buffer.byteLength) / PAGE));
    const needed = missing > 0 ? this.memory.buffer.byteLength + missing * PAGE : end;
    const refuse = (reason: string, cause?: unknown): never => {
      throw new FettleError(
        "memory_limit",
        `${reason}: ${needed} bytes are needed, the limit is ${this.limit}. ` +
          "Use smaller batches or fewer units, free unused runs and matrices, or raise memoryLimit.",
        { cause },
      );
    };
    if (needed > this.limit) refuse("memory limit reached");
    if (missing === 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      refuse("the host refuses more memory", cause);
    }
  }
}
