/**
 * The points of a search as columns of units, one for each parameter, for estimators that use all points at
 * each ask.
 */

import { createGrowing } from "../../memo/growing.js";
import { toUnit } from "../../space/scale.js";
import type { Params, SearchSpace } from "../../space/space.js";

interface Table {
  rows: number;
  /** By `space.names`, with room for more rows. */
  columns: Float64Array[];
}

const tableOf = createGrowing<SearchSpace, Params, Table>(
  ({ names }) => ({ rows: 0, columns: names.map(() => new Float64Array(64)) }),
  (table, point, { names, parameters }) => {
    const row = table.rows++;
    if (row === table.columns[0].length) {
      table.columns = table.columns.map((column) => {
        const wider = new Float64Array(2 * row);
        wider.set(column);
        return wider;
      });
    }
    names.forEach((name, at) => {
      const applies = Object.hasOwn(point, name);
      table.columns[at][row] = applies ? toUnit(parameters[name], point[name]) : Number.NaN;
    });
  },
);

/**
 * The column of each parameter, by `space.names`: [at least points.length] units, NaN where it does not
 * apply. Valid until the next call with other points of the same space.
 */
export function columnsOf(space: SearchSpace, points: readonly Params[]): readonly Float64Array[] {
  return tableOf(space, points).columns;
}
