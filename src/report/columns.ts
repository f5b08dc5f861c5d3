/**
 * How many columns of a terminal a text takes. East Asian characters and most emoji take two, marks on others
 * none.
 */

/**
 * Characters of two columns: those that Unicode calls wide or full-width, and emoji. In blocks that are
 * entirely wide, unassigned characters count too.
 *
 * @see Unicode Standard Annex #11, "East Asian Width"
 */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{2fffd}\u{30000}-\u{3fffd}]|(?!\p{RI})\p{Emoji_Presentation}|\p{RI}{2}|\ufe0f/u;
/** Characters of zero width. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff]+$/u;
const PLAIN = /^[ -~]*$/;

let segmenter: Intl.Segmenter | undefined;

/** The characters of a text as people count them: a letter with its marks counts as one. */
export function characters(text: string): string[] {
  if (PLAIN.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/**
 * The columns of a text without control characters.
 *
 * @example
 * ```ts
 * columnsOf("学習率"); // 6
 * columnsOf("e\u0301"); // 1, "é" of two code points
 * ```
 */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return characters(text).reduce((sum, character) => sum + columnsOfOne(character), 0);
}

const columnsOfOne = (character: string): number => (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1);
