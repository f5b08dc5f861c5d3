/** Pictures within a page: SVG with the colours of the page, in either theme. */
import { INSET, SIZE } from "../plots/frame.js";
import { DARK } from "../plots/palette.js";
import type { Plot } from "../plots/plot.js";
import type { Draw } from "../plots/render.js";
import { themeOf } from "../plots/theme.js";
import { html, Markup } from "./markup.js";
import { dataVariable } from "./style.js";

/** Colours that no picture uses, each standing for a variable of the page. */
const VARIABLES = { background: "#010203", text: "#010204", faint: "#010205", grid: "#010206" } as const;
const NAMES: Readonly<Record<string, string>> = {
  [VARIABLES.background]: "var(--page)",
  [VARIABLES.text]: "var(--ink)",
  [VARIABLES.faint]: "var(--faint)",
  [VARIABLES.grid]: "var(--grid)",
};
const THEME = themeOf(VARIABLES);

/**
 * A picture as SVG for a page. It has no style attributes, which a strict policy refuses, and its ids are
 * unique.
 *
 * @param id - different for each picture of a page
 */
export function svgOf(draw: Draw, plot: Plot, id: string, marked = false): Markup {
  const svg = draw(plot, THEME, marked)
    .replace(/#01020[3-6]/gi, (color) => NAMES[color.toLowerCase()])
    .replace(/ style="([^"]*)"/g, (_, style: string) => attributesOf(style))
    .replace(/ (fill|stroke)="(#[\dA-F]{6})"/g, (whole, name: string, color: string) =>
      DARK.has(color) ? ` ${name}="var(${dataVariable(color)})"` : whole,
    )
    .replace(/<svg [^>]*/, (tag) => flush(tag, plot))
    .replace(/\bid="/g, `id="${id}-`)
    .replace(/url\(#/g, `url(#${id}-`)
    .replace(/ xmlns(:xlink)?="[^"]*"| version="1\.1"| baseProfile="full"/g, "")
    .trim();
  return new Markup(svg);
}

/** A picture aligns with the text of the page: empty space at its left is cut off. */
function flush(tag: string, { width, height }: Plot): string {
  const own = width - INSET;
  return tag
    .replace(/ width="[^"]*"/, ` width="${own}"`)
    .replace(/ viewBox="[^"]*"/, ` viewBox="${INSET} 0 ${own} ${height}"`);
}

/** Declarations of a style as attributes of SVG. */
function attributesOf(style: string): string {
  return style
    .split(";")
    .map((declaration) => declaration.split(":").map((part) => part.trim()))
    .filter(([name, value]) => value && name !== "font-family")
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("");
}

/** A picture with its caption. */
export function figure(
  draw: Draw,
  plot: Plot,
  more: {
    readonly after?: Markup;
    readonly attributes?: Markup;
    readonly marked?: boolean;
  } = {},
): Markup {
  const id = `p-${[...plot.name].map((letter) => (/[a-z0-9-]/i.test(letter) ? letter : `_${letter.codePointAt(0)?.toString(16)}`)).join("")}`;
  return html`<figure${plot.width > SIZE.width && new Markup(' class="wide"')}>
<div class="plot" id="${id}" tabindex="0" role="group" aria-label="${plot.title}"${more.attributes}>${svgOf(draw, plot, id, more.marked)}</div>
<figcaption>${plot.description}</figcaption>
${more.after}</figure>
`;
}
