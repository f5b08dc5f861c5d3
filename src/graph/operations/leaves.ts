/** Leaves: nodes without inputs. Their values come from outside, from the program or from the run. */
import { check, show } from "../../errors.js";
import { splitSeed, uniformF32 } from "../../numerics/philox.js";
import * as Opcode from "../opcodes/program.js";
import { checkShape, extent, resolve, sizeOf } from "../shape.js";
import type { Rows } from "./operation.js";

type Names = "input" | "constant" | "count" | "random" | "step";

const none = () => [];

export const leafRows: Rows<Names> = {
  /** Given by the host, by a data stream, or kept from the step before. */
  input: {
    shape(_, { name, shape }) {
      checkShape(shape, `input "${name}"`);
      return shape;
    },
    gradient: none,
    reference: ({ attributes, environment }) => environment.input(attributes.name),
    lowering: { leaf: true },
  },
  /** Values known when the graph is written. */
  constant: {
    shape(_, { shape, values }) {
      checkShape(shape, "constant");
      check(
        values.length === sizeOf(shape),
        () => `a constant of shape [${shape.join(", ")}] has ${sizeOf(shape)} values, got ${values.length}`,
        "invalid_shape",
      );
      return shape;
    },
    gradient: none,
    reference: ({ attributes }) => Float64Array.from(attributes.values),
    lowering: { instruction: Opcode.Literal },
  },
  /** How many elements a shape has, once the rows of the batch are known: a scalar. */
  count: {
    shape: () => [],
    gradient: none,
    reference: ({ attributes, environment }) =>
      Float64Array.of(resolve(extent(attributes.of), environment.rows)),
    lowering: { instruction: Opcode.Literal },
  },
  /** Independent uniform numbers in [0, 1), multiples of 2⁻²⁴, new at each step: a pure function of
   * (seed, stream, step, index). */
  random: {
    shape(_, { shape, stream }) {
      checkShape(shape, "random");
      check(
        Number.isInteger(stream) && stream >= 0 && stream < 2 ** 32 - 1,
        () => `a stream of random numbers is a whole number from 0 to 2³² − 2, got ${show(stream)}`,
      );
      return shape;
    },
    gradient: none,
    reference({ attributes, shape, environment }) {
      const [lo, hi] = splitSeed(environment.seed);
      return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
        uniformF32(i, attributes.stream, environment.step, lo, hi),
      );
    },
    lowering: { instruction: Opcode.Random },
  },
  /** The number of this step, from 1: a scalar. */
  step: {
    shape: () => [],
    gradient: none,
    reference: ({ environment }) => Float64Array.of(environment.step + 1),
    lowering: { instruction: Opcode.Step },
  },
};
