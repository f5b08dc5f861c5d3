/**
 * The points of a search as columns of units, one a parameter, for estimators that look at all of them at each ask.
 * Columns are remembered, so that only new points are added to them; forgetting them changes no result. No density is
 * here.
 */

import { toUnit } from "../../scale.js";
import type { Params, SearchSpace } from "../../space.js";

/** The column of each parameter, by `space.names`: [at least the points] units, NaN where it does not apply. */
export type Columns = readonly Float64Array[];

interface Table {
  /** The points in the columns. */
  readonly points: Params[];
  /** Columns with room for more. */
  columns: Float64Array[];
}

const tables = new WeakMap<SearchSpace, Table>();

/** The columns of some points, valid until those of others in the same space are asked for. */
export function columnsOf(space: SearchSpace, points: readonly Params[]): Columns {
  const table = tables.get(space) ?? { points: [], columns: space.names.map(() => new Float64Array(64)) };
  tables.set(space, table);
  const known = table.points;
  let same = 0;
  while (same < known.length && same < points.length && known[same] === points[same]) same++;
  known.length = same;
  if (points.length > table.columns[0].length) {
    table.columns = table.columns.map((column) => {
      const wider = new Float64Array(2 * points.length);
      wider.set(column);
      return wider;
    });
  }
  for (; known.length < points.length; known.push(points[known.length])) {
    const row = known.length;
    const point = points[row];
    space.names.forEach((name, at) => {
      const applies = Object.hasOwn(point, name);
      table.columns[at][row] = applies ? toUnit(space.parameters[name], point[name]) : Number.NaN;
    });
  }
  return table.columns;
}
