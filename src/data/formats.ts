/** The possible formats of the numbers of a column, from all its distinct cells. */
import type { Decimal, NumberFormat } from "./numbers.js";
import { patternOf, timeOfDay, unitStem, writtenOf } from "./numbers.js";
import { PLAIN } from "./plainNumbers.js";

/** The possible thousands separators for each decimal mark. */
const GROUPS: Readonly<Record<Decimal, readonly string[]>> = {
  ".": [",", " ", "'", "_"],
  ",": [".", " ", "'", "_"],
};

const FORMATS = /* @__PURE__ */ ([".", ","] as const).flatMap((decimal) =>
  ["", ...GROUPS[decimal]].map((group) => ({ decimal, group })),
);

/** Units that some cells of a column may omit. */
const OPTIONAL = /^(?:[%‰°]|.*\p{Sc}|[A-Z]{3}|Rs\.?|kr\.?|zł|Kč|Ft)$/u;
/** Units that make a cell a number even if other cells have other units. */
const USUAL =
  /^(?:[%‰°]|.{0,3}\p{Sc}|°?[CFK]|[A-Z]{3}|[µmck]?[gm]|t|lbs?|oz|mi|ft|in|km\/h|mph|[mk]?l|[mcd]l|m?s|secs?|mins?|h|hrs?|hours?|days?|weeks?|months?|years?|yrs?|[kMGT]B|[mkMG]?W|[kMG]?Hz|[mk]?V|KG|kgs|Kg|kr\.?|Rs\.?|zł|Kč|Ft)$/u;

/**
 * The formats in which every cell is a number; empty if there are none. They give different values only if
 * one has a `group` of `,` or `.`.
 */
export function formatsOf(cells: Iterable<string>): NumberFormat[] {
  let unit: string | undefined;
  let negative: NumberFormat["negative"];
  let [scaled, clock, bare] = [false, undefined as boolean | undefined, false];
  let candidates = FORMATS.map((format) => ({ ...format, used: format.group === "" }));
  let isDecided = false; // the decimal mark
  let count = 0;
  let areHalfDays: boolean | undefined;
  for (const cell of cells) {
    const isHalfDay = areHalfDays !== false && timeOfDay(cell) !== undefined;
    areHalfDays ??= isHalfDay;
    if (isHalfDay !== areHalfDays) return [];
    if (isHalfDay) continue;
    // Most cells are in JavaScript's notation; the formats with a decimal point read them, and few others.
    count++;
    const isPlain = PLAIN.test(cell);
    if (isPlain && !clock && (isDecided || !cell.includes("."))) {
      [bare, clock] = [true, false];
      continue;
    }
    const written = writtenOf(cell);
    if (written === undefined) return [];
    const { digits } = written;
    const isClock = digits.includes(":");
    clock ??= isClock;
    negative ??= written.negative;
    scaled ||= written.power > 0;
    unit ??= written.unit || undefined;
    bare ||= written.unit === "";
    if (isClock !== clock || (written.negative ?? negative) !== negative) return [];
    if (written.unit !== "" && unitStem(written.unit) !== unitStem(unit as string)) return [];
    if (!/[.,' _:]/.test(digits)) continue; // the same in every format
    candidates = candidates.filter(
      ({ decimal, group }) => (isPlain && decimal === ".") || patternOf(decimal, group, isClock).test(digits),
    );
    if (candidates.length === 0) return [];
    for (const candidate of candidates) candidate.used ||= digits.includes(candidate.group);
    isDecided = candidates.every(({ decimal }) => decimal === ".");
  }
  if (areHalfDays) return [{ decimal: ".", clock: "am/pm" }];
  // a word that some cells lack, or that occurs once, is not a unit
  if (unit !== undefined && !OPTIONAL.test(unit) && (bare || (count === 1 && !USUAL.test(unit)))) return [];
  if (clock && (unit !== undefined || scaled)) return [];
  const common = {
    ...(unit && { unit }),
    ...(negative && { negative }),
    ...(scaled && { scaled }),
    ...(clock && { clock }),
  };
  return candidates
    .filter(({ used }) => used)
    .map(({ decimal, group }) => ({ decimal, ...(group !== "" && { group }), ...common }));
}

/** Whether a cell alone looks like a number: `12a` and `5 star` need similar cells. */
export function isNumber(cell: string): boolean {
  if (PLAIN.test(cell) || timeOfDay(cell) !== undefined) return true;
  const written = writtenOf(cell);
  return (
    written !== undefined && (written.unit === "" || USUAL.test(written.unit)) && formatsOf([cell]).length > 0
  );
}
