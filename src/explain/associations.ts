/**
 * How strongly two columns tell the same, from 0 to 1: Spearman's correlation of two columns of numbers,
 * Cramér's V of two columns of words, the correlation ratio of ranks for one of each, all without what chance
 * alone would give. Rows with a missing cell count as a word or as the mean rank.
 *
 * @see W. Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", J. Korean Stat. Soc. 42, 2013
 */
import { ranked } from "../metrics/curve.js";
import type { Asked, Cells, Part } from "./asked.js";

/** A column as associations read it: standardized ranks, or codes from 0 to `words` − 1. */
type Reading = { readonly ranks: Float64Array } | { readonly codes: Int32Array; readonly words: number };

/**
 * Groups of parts in which each two are associated, the strongest first (complete linkage). Parts without a
 * partner are in none.
 *
 * @param least - the weakest association within a group
 */
export function associatedParts(asked: Asked, parts: readonly Part[], cells: Cells, least: number): Part[] {
  const single = parts.filter(({ places }) => places.length === 1);
  const readings = single.map(({ places: [place] }) => readingOf(asked, place, cells.columns[place]));
  // [groups][groups] the weakest association between two groups; a group that was merged has none left
  const linkage = readings.map((one, i) =>
    readings.map((other, j) => (i === j ? Number.NEGATIVE_INFINITY : association(one, other))),
  );
  const groups = single.map(({ places }) => places);
  for (;;) {
    let [best, one, other] = [Number.NEGATIVE_INFINITY, 0, 0];
    for (let i = 0; i < linkage.length; i++)
      for (let j = i + 1; j < linkage.length; j++)
        if (linkage[i][j] > best) [best, one, other] = [linkage[i][j], i, j];
    if (best < least) break;
    groups[one] = [...groups[one], ...groups[other]].sort((a, b) => a - b);
    for (let k = 0; k < linkage.length; k++) {
      linkage[one][k] = Math.min(linkage[one][k], linkage[other][k]);
      linkage[k][one] = linkage[one][k];
      linkage[other][k] = Number.NEGATIVE_INFINITY;
      linkage[k][other] = Number.NEGATIVE_INFINITY;
    }
    groups[other] = [];
  }
  return groups.filter(({ length }) => length > 1).map((places) => asked.part(places));
}

function readingOf(asked: Asked, place: number, cells: Float64Array): Reading {
  const { kind, categories } = asked.table.inputs[place];
  if (kind === "number" || kind === "date") return { ranks: standardized(cells) };
  const words = Math.max(2, categories.length) + 2; // unknown, missing
  return { codes: Int32Array.from(cells, (code) => (Number.isNaN(code) ? words - 1 : code)), words };
}

/** Mean ranks with mean 0 and sum of squares 1; 0 for a missing cell, and for a column that never varies. */
function standardized(cells: Float64Array): Float64Array {
  const known = cells.filter((cell) => !Number.isNaN(cell));
  const { levels, places } = ranked(known);
  const counts = new Float64Array(levels.length);
  for (const place of places) counts[place]++;
  let below = 0;
  const centered = counts.map((count) => {
    below += count;
    return below - count / 2 - known.length / 2;
  });
  let sum = 0;
  for (const place of places) sum += centered[place] * centered[place];
  let at = 0;
  return cells.map((cell) => (Number.isNaN(cell) || sum === 0 ? 0 : centered[places[at++]] / Math.sqrt(sum)));
}

function association(one: Reading, other: Reading): number {
  if ("ranks" in one)
    return "ranks" in other
      ? Math.abs(dot(one.ranks, other.ranks))
      : ratio(other.codes, other.words, one.ranks);
  return "ranks" in other ? ratio(one.codes, one.words, other.ranks) : cramer(one, other);
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, each, i) => sum + each * b[i], 0);

/** The root of the share of variance between words, adjusted for the number of words. */
function ratio(codes: Int32Array, words: number, ranks: Float64Array): number {
  const [sums, counts] = [new Float64Array(words), new Float64Array(words)];
  for (const [i, code] of codes.entries()) {
    sums[code] += ranks[i];
    counts[code]++;
  }
  const used = counts.filter((count) => count > 0).length;
  const between = sums.reduce((sum, each, k) => (counts[k] > 0 ? sum + (each * each) / counts[k] : sum), 0);
  const left = codes.length - used;
  if (used < 2 || left < 1) return 0;
  return Math.sqrt(Math.max(0, 1 - ((1 - between) * (codes.length - 1)) / left));
}

function cramer(
  one: { readonly codes: Int32Array; readonly words: number },
  other: { readonly codes: Int32Array; readonly words: number },
): number {
  const rows = one.codes.length;
  const both = new Float64Array(one.words * other.words);
  const [own, its] = [new Float64Array(one.words), new Float64Array(other.words)];
  for (let i = 0; i < rows; i++) {
    both[one.codes[i] * other.words + other.codes[i]]++;
    own[one.codes[i]]++;
    its[other.codes[i]]++;
  }
  let squares = 0;
  for (const [at, count] of both.entries()) {
    const expected = own[Math.floor(at / other.words)] * its[at % other.words];
    if (expected > 0) squares += (count * count) / expected;
  }
  const [r, k] = [own, its].map((counts) => counts.filter((count) => count > 0).length - 1);
  if (rows < 2 || r < 1 || k < 1) return 0;
  const adjusted = Math.max(0, squares - 1 - (r * k) / (rows - 1));
  const width = Math.min(r - (r * r) / (rows - 1), k - (k * k) / (rows - 1));
  return width > 0 ? Math.min(1, Math.sqrt(adjusted / width)) : 0;
}
