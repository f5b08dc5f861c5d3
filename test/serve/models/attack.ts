/** Requests for the model of passengers, a third of them malformed, on any host. */
import fc from "fast-check";
import { expect } from "vitest";
import type { Predictor } from "../../../src/predict/predictor.js";
import { codePoint } from "../../codePoints.js";

/** What a body is, and which of its rows are as they must be. */
const cell = fc.oneof(
  fc.constantFrom<unknown>(null, "", "NA", true, "no", 31, 7.5, "Q", "S", "2024-02-02", 1e300),
  fc.jsonValue({ maxDepth: 2 }),
);
const row = fc.record(
  { age: cell, fare: cell, port: cell, member: cell, day: cell, other: cell },
  { requiredKeys: [] },
);
const goodRow = fc.record({
  age: fc.constantFrom(null, 30, "31.5", ""),
  fare: fc.double({ min: 0, max: 1e4, noNaN: true }),
  port: fc.constantFrom("C", "Q", null, "S"),
  member: fc.constantFrom(true, "no", "YES"),
  day: fc.constantFrom("2024-01-31", "2024-02-02T10:00Z", "5 March 2024"),
});
const malformed = fc.oneof(
  fc
    .oneof(row, fc.array(row, { maxLength: 4 }), fc.json().map(JSON.parse))
    .map((body) => JSON.stringify(body)),
  fc
    .record({ rows: fc.oneof(fc.array(row, { maxLength: 3 }), cell), columns: cell }, { requiredKeys: [] })
    .map((body) => JSON.stringify(body)),
  fc.string({ unit: codePoint, maxLength: 40 }),
  fc
    .tuple(goodRow, fc.nat(), fc.constantFrom("", "}", ",", "\\", '"', "\0", "[", "NaN"))
    .map(([good, at, mark]) => {
      const text = JSON.stringify([good]);
      const place = at % text.length;
      return text.slice(0, place) + mark + text.slice(place + 1);
    }),
  fc.constant("7".repeat(20_001)),
);

/**
 * Sends three requests a round, two of them with rows that can be predicted, and expects predictions or a
 * reason for each.
 *
 * @param ask - sends a body, and gives status and JSON of the answer; of at most 20,000 bytes
 * @returns the statuses that were seen, ascending
 */
export async function attack(
  ask: (body: string) => Promise<readonly [number, unknown]>,
  predictor: Predictor,
  rounds: number,
): Promise<number[]> {
  const seen = new Set<number>();
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(goodRow, { minLength: 1, maxLength: 4 }),
      goodRow,
      malformed,
      async (rows, single, wrong) => {
        // at the same time, as of different clients
        const bodies = [JSON.stringify(rows), JSON.stringify(single), wrong];
        const answers = await Promise.all(bodies.map(ask));
        for (const [i, [status, answer]] of answers.entries()) {
          seen.add(status);
          asked++;
          if (status === 200) expect(answer).toEqual(expected(predictor, bodies[i]));
          else expect([i, [400, 413, 422].includes(status)]).toEqual([2, true]);
        }
      },
    ),
    { numRuns: rounds },
  );
  expect(asked).toBe(3 * rounds);
  return [...seen].sort();
}

/** What the predictor says of a body that is JSON of rows; undefined where it refuses them. */
function expected(predictor: Predictor, text: string): unknown {
  try {
    const body = JSON.parse(text);
    const rows = Array.isArray(body) ? body : Array.isArray(body.rows) ? body.rows : [body];
    return JSON.parse(JSON.stringify({ predictions: predictor.answers(rows) }));
  } catch {
    return undefined;
  }
}
