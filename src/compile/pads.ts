/** Sums of padded values that fill an axis side by side: the gradient of a value that was cut into parts. */
import { isNode, Value } from "../graph/graph.js";

/** Parts along an axis, each with its first place. */
interface Tiles {
  readonly axis: number;
  readonly parts: readonly { readonly begin: number; readonly value: Value }[];
}

/** The parts of which `x + y` is a concatenation, in order, if each of its elements comes from one part. */
export function tilesOf(x: Value, y: Value): { axis: number; parts: Value[] } | undefined {
  const tiles = join(paddedParts(x), paddedParts(y));
  if (tiles === undefined) return undefined;
  const { axis } = tiles;
  const parts = [...tiles.parts].sort((a, b) => a.begin - b.begin);
  let end = 0;
  for (const { begin, value } of parts) {
    if (begin !== end) return undefined;
    end += value.shape[axis];
  }
  return end === x.shape[axis] ? { axis, parts: parts.map(({ value }) => value) } : undefined;
}

/** The values that were padded along one axis and added up to `value`. */
function paddedParts({ node, graph }: Value): Tiles | undefined {
  const [first, second] = node.inputs.map((id) => new Value(graph, id));
  if (node.op === "add") {
    // the last added term first: if it is not such a part, the rest need not be searched
    const later = paddedParts(second);
    return later && join(paddedParts(first), later);
  }
  if (!isNode(node, "pad")) return undefined;
  const { before, after } = node.attributes;
  const padded = before.flatMap((size, axis) => (size > 0 || after[axis] > 0 ? [axis] : []));
  if (padded.length !== 1) return undefined;
  const [axis] = padded;
  return { axis, parts: [{ begin: before[axis], value: first }] };
}

function join(a: Tiles | undefined, b: Tiles | undefined): Tiles | undefined {
  if (a === undefined || b === undefined || a.axis !== b.axis) return undefined;
  return { axis: a.axis, parts: [...a.parts, ...b.parts] };
}
