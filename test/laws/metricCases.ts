/** Random truths and predictions for metrics, and changes of them. It scores nothing. */
import fc from "fast-check";

export type Rows = readonly (readonly number[])[];

/** Truths and predictions, [rows, outputs]. */
export interface Scored {
  readonly truth: Rows;
  readonly prediction: Rows;
}

const rowsOf = (row: fc.Arbitrary<readonly [truth: number[], prediction: number[]]>): fc.Arbitrary<Scored> =>
  fc
    .array(row, { minLength: 1, maxLength: 12 })
    .map((rows) => ({ truth: rows.map(([y]) => y), prediction: rows.map(([, p]) => p) }));

/** Of two classes, with few probabilities, so that many tie, and none of them ½. */
export const anyBinary = rowsOf(
  fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 7 })).map(([y, k]) => [[y], [(2 * k + 1) / 16]]),
);
/** Of three classes: one-hot rows, and no ties within a row of predictions. */
export const anySeveral = rowsOf(
  fc
    .tuple(fc.nat({ max: 2 }), fc.shuffledSubarray([1, 5, 10], { minLength: 3 }))
    .map(([id, shares]) => [[0, 1, 2].map((j) => Number(j === id)), shares.map((share) => share / 16)]),
);
/** Of either. */
export const anyClasses = fc.oneof(anyBinary, anySeveral);
/** Multiples of 1/16. */
export const number = fc.integer({ min: -64, max: 64 }).map((n) => n / 16);
/** Of one or two outputs. */
export const anyQuantities = fc
  .integer({ min: 1, max: 2 })
  .chain((outputs) =>
    rowsOf(
      fc.tuple(
        fc.array(number, { minLength: outputs, maxLength: outputs }),
        fc.array(number, { minLength: outputs, maxLength: outputs }),
      ),
    ),
  );
/** Of one output. */
export const anyQuantity = anyQuantities.map(({ truth, prediction }) => ({
  truth: truth.map(([y]) => [y]),
  prediction: prediction.map(([p]) => [p]),
}));

export const map = ({ truth, prediction }: Scored, y: (v: number) => number, p = y): Scored => ({
  truth: truth.map((row) => row.map(y)),
  prediction: prediction.map((row) => row.map(p)),
});
/** Certain predictions, which are classes as truths are. */
export const certain = (of: Scored): Scored => ({
  truth: of.truth,
  prediction: of.prediction.map((row) =>
    row.length === 1 ? [Number(row[0] > 0.5)] : row.map((p) => Number(p === Math.max(...row))),
  ),
});
export const exchanged = ({ truth, prediction }: Scored): Scored => ({
  truth: prediction,
  prediction: truth,
});
export const average = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;
export const column = (rows: Rows, j = 0): number[] => rows.map((row) => row[j]);
