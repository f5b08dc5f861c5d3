/**
 * Random data, batches and seeds to run programs on, such as the random steps of `graphs.ts`. It runs
 * nothing.
 *
 * @example
 * ```ts
 * const program = compileStep({ inputs: { rate: [] }, state: { w: [2] } }, 1, ({ inputs, state }) => ({
 *   state: { w: mul(state.w, inputs.rate) },
 * }));
 * const [choices] = fc.sample(anyRunChoices, 1);
 * runCaseOf(choices, program).arrays.w.length; // 2
 * ```
 */
import fc from "fast-check";
import type { Program } from "../../compile/program.js";
import { must, mustBeRecord } from "../../errors.js";
import { sizeOf } from "../../graph/shape.js";
import type { RunCase } from "../run.js";

/** Random choices, which `runCaseOf` fits to a program. */
export interface RunChoices {
  readonly dataRows: number;
  readonly batch: number;
  readonly subset: readonly number[] | undefined;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly steps: number;
  readonly numbers: readonly number[];
}

/** Choices for 1 to 20 rows of data, any batch, and 1 to 4 steps. */
export const anyRunChoices: fc.Arbitrary<RunChoices> = fc.record({
  dataRows: fc.integer({ min: 1, max: 20 }),
  batch: fc.nat(99),
  subset: fc.option(fc.array(fc.nat(99), { minLength: 1, maxLength: 12 }), { nil: undefined }),
  shuffle: fc.boolean(),
  seed: fc.oneof(fc.nat(9), fc.maxSafeNat()),
  steps: fc.integer({ min: 1, max: 4 }),
  numbers: fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 37, maxLength: 37 }),
});

/**
 * A case for a program: multiples of 1/64 in [−1, 1], exact in float32; a stream "ids" has integers 0, 1 and
 * 2.
 */
export function runCaseOf(choices: RunChoices, program: Program): RunCase {
  mustBeRecord("choices", choices, "what anyRunChoices makes");
  must(Array.isArray(program?.streams), "program", "a program, as compileStep returns", program);
  const { dataRows, batch, subset, shuffle, seed, steps, numbers } = choices;
  const some = (length: number, from: number): number[] =>
    Array.from({ length }, (_, i) => numbers[(i + from) % numbers.length] / 64);
  const streams = program.streams.filter(({ direction }) => direction === "in");
  return {
    dataRows,
    streams: Object.fromEntries(
      streams.map(({ name, columns }, i) => {
        const data = some(dataRows * columns, 5 * i);
        return [name, name === "ids" ? data.map((x) => Math.abs(x * 64) % 3) : data];
      }),
    ),
    arrays: Object.fromEntries(
      [...program.inputs, ...program.state].map(({ name, shape }, i) => [name, some(sizeOf(shape), 3 * i)]),
    ),
    ...(subset && { rows: subset.map((row) => row % dataRows) }),
    shuffle,
    batchSize: 1 + (batch % program.rows),
    seed,
    steps,
  };
}
