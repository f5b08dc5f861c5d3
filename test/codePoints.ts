/** Not a test itself. */
import fc from "fast-check";

/** The surrogates, which are no code points of text: between them and the last, there are so many fewer. */
const [FIRST, COUNT, LAST] = [0xd800, 0x800, 0x10ffff];

/**
 * Any code point, as the unit of `fc.string`: what `unit: "binary"` gives, which makes a table of all 1.1
 * million of them first.
 */
export const codePoint: fc.Arbitrary<string> = fc.nat({ max: LAST - COUNT }).map(
  (n) => String.fromCodePoint(n < FIRST ? n : n + COUNT),
  (text) => {
    const code = typeof text === "string" ? text.codePointAt(0) : undefined;
    if (code === undefined || text !== String.fromCodePoint(code)) throw new Error("not one code point");
    if (code >= FIRST && code < FIRST + COUNT) throw new Error("a surrogate");
    return code < FIRST ? code : code - COUNT;
  },
);
