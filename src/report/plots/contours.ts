/** Contour lines over a grid, by marching squares. It draws nothing. */

type Point = readonly [x: number, y: number];

/** Heights at the points of a grid, [rows, columns]. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly heights: readonly number[];
}

/**
 * The contour lines of a surface at a level, straight within each cell. A closed line ends where it begins.
 * In a cell with two opposite corners above the level, the mean of all four corners decides which of them are
 * joined. An unknown height is NaN; no line is drawn in the cells around it.
 *
 * @returns lines of points in columns and rows, from 0
 */
export function contourLines(grid: Grid, level: number): Point[][] {
  const links = linksOf(grid, level);
  const lines: Point[][] = [];
  /** Follows a line from an edge to its end, and removes the links on the way. */
  const follow = (start: number): void => {
    const line = [crossing(grid, level, start)];
    let at: number | undefined = start;
    for (;;) {
      const next: number | undefined = links.get(at)?.pop();
      if (next === undefined) break;
      const back = links.get(next)!;
      back.splice(back.indexOf(at), 1);
      line.push(crossing(grid, level, next));
      at = next;
    }
    if (line.length > 1) lines.push(line);
  };
  const edges = [...links.keys()];
  for (const edge of edges) if (links.get(edge)!.length === 1) follow(edge);
  for (const edge of edges) follow(edge);
  return lines;
}

/**
 * The pairs of crossed edges that pieces of lines join. The number of an edge is twice that of its lower left
 * point, plus one if it is vertical.
 */
function linksOf({ columns, rows, heights }: Grid, level: number): Map<number, number[]> {
  const links = new Map<number, number[]>();
  const add = (from: number, to: number): void => {
    const known = links.get(from);
    if (known) known.push(to);
    else links.set(from, [to]);
  };
  const join = (a: number, b: number): void => {
    add(a, b);
    add(b, a);
  };
  for (let i = 0; i + 1 < rows; i++) {
    for (let j = 0; j + 1 < columns; j++) {
      const corner = i * columns + j;
      const values = [corner, corner + 1, corner + columns + 1, corner + columns].map((k) => heights[k]);
      if (values.includes(Number.NaN)) continue;
      const above = values.map((value) => value >= level);
      // bottom, right, top, left: each between a corner and the next
      const edges = [2 * corner, 2 * (corner + 1) + 1, 2 * (corner + columns), 2 * corner + 1];
      const crossed = edges.filter((_, k) => above[k] !== above[(k + 1) % 4]);
      if (crossed.length === 2) join(crossed[0], crossed[1]);
      if (crossed.length === 4) {
        const [bottom, right, top, left] = edges;
        const joined = values.reduce((sum, value) => sum + value) / 4 >= level === above[0];
        join(bottom, joined ? right : left);
        join(top, joined ? left : right);
      }
    }
  }
  return links;
}

/** Where a line crosses an edge. */
function crossing({ columns, heights }: Grid, level: number, edge: number): Point {
  const vertical = edge % 2;
  const from = (edge - vertical) / 2;
  const [low, high] = [heights[from], heights[from + (vertical ? columns : 1)]];
  const share = (level - low) / (high - low);
  const [x, y] = [from % columns, Math.floor(from / columns)];
  return vertical ? [x, y + share] : [x + share, y];
}
