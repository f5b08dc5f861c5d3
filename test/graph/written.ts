/** A recurrence written out, one copy of the body for each element: what `scan` is compared with. */
import { concat, reshape, slice } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import type { ScanOptions, ScanResult, ScanStep } from "../../src/graph/scan.js";
import { mapValues } from "../../src/records.js";

export function writtenOut(
  { carry, sequences, shared = {}, reverse = false }: ScanOptions,
  body: (step: ScanStep) => ScanResult,
): Required<ScanResult> {
  const [steps] = Object.values(sequences)[0].shape;
  const parts: Record<string, Value[]> = {};
  let carried = carry;
  for (let i = 0; i < steps; i++) {
    const at = reverse ? steps - 1 - i : i;
    const elements = mapValues(sequences, (x) => elementAt(x, at));
    const result = body({ carry: carried, elements, shared });
    carried = result.carry;
    for (const [name, value] of Object.entries(result.stacks ?? {})) {
      parts[name] ??= [];
      parts[name][at] = reshape(value, [1, ...value.shape]);
    }
  }
  return { carry: carried, stacks: mapValues(parts, (values) => concat(values, 0)) };
}

/** Element `at` of a sequence. */
function elementAt(x: Value, at: number): Value {
  const [, ...rest] = x.shape;
  const begin = x.shape.map((_, axis) => (axis === 0 ? at : 0));
  return reshape(slice(x, begin, [1, ...rest]), rest);
}
