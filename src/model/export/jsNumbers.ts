/** Regular expressions that read numbers in the format of a column, for generated programs. */
import { AFTER, BRACKETS, CURRENCY, type NumberFormat, patternOf, unitStem } from "../../data/numbers.js";

const IS_CURRENCY = new RegExp(`^(?:[%‰°]|${CURRENCY})$`, "i");

/** A sign, another after the unit, digits and a scale; and the text around a negative number, if any. */
export function patternsOf(format: NumberFormat): { readonly pattern: RegExp; readonly outer?: RegExp } {
  const { decimal = ".", group = "", unit = "", negative, scaled = false, clock = false } = format;
  const stem = unitStem(unit);
  const plural = unitStem(`${stem}s`) === stem ? "s?" : "";
  const word = stem.replace(/[$.()*+?[\]\\/^{}|]/g, "\\$&") + plural;
  const before = IS_CURRENCY.test(unit) ? `(?:${word} ?)?` : "";
  const after = unit === "" ? "" : ` ?(?:${word})?`;
  const scale = scaled ? " ?(k|K|M|B|bn|Bn)?" : "()";
  const digits = patternOf(decimal, group, clock === true)
    .source.slice("^[+-]?".length, -1)
    .replace("(?:e", "(?:[eE]");
  const pattern = new RegExp(`^(?:([+-]) ?)?${before}([+-])?(${digits})${scale}${after}$`);
  return { pattern, ...(negative && { outer: negative === "brackets" ? BRACKETS : AFTER }) };
}
