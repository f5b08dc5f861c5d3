/**
 * HTML as a value: text is escaped unless it is already markup, so nothing in a study is ever read as markup.
 */

/** A piece of HTML. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Content = Markup | string | number | undefined | false | readonly Content[];

/**
 * HTML from a template; inserted values are escaped, for text and for attributes in double quotes.
 *
 * @example
 * ```ts
 * html`<b>${"<script>"}</b>`.text; // "<b>&lt;script&gt;</b>"
 * ```
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => (i === 0 ? part : textOf(contents[i - 1]) + part)).join(""));
}

function textOf(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(textOf).join("");
  return escaped(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text without markup, and without control characters, which HTML cannot represent. */
export function escaped(text: string): string {
  return text
    .replace(/\p{Cc}/gu, (c) => (c === "\n" || c === "\t" ? c : " "))
    .replace(/[&<>"']/g, (letter) => ENTITIES[letter]);
}

/**
 * A table: the first row is its head. Columns whose cells are all numbers, or empty, are flush right.
 *
 * @param across - rows and columns are exchanged: the first cell of each row is its head, and all others are
 * flush right
 */
export function table(rows: readonly (readonly Content[])[], caption: string, across = false): Markup {
  const [head, ...body] = rows;
  const isNumber = (content: Content): boolean =>
    typeof content === "number" || content === "" || (typeof content === "string" && NUMBERS.test(content));
  const kinds = head.map((_, j) =>
    (across ? j > 0 : body.every((row) => isNumber(row[j]))) ? NUMBER : undefined,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<thead><tr>${head.map((content, j) => html`<th scope="col"${kinds[j]}>${content}</th>`)}</tr></thead>
<tbody>${body.map((row) => html`<tr>${row.map((content, j) => (across && j === 0 ? html`<th scope="row">${content}</th>` : html`<td${kinds[j]}>${content}</td>`))}</tr>\n`)}</tbody></table></div>`;
}

const NUMBER = new Markup(' class="number"');
/** `0.5`, `1.2e-4 to 3`, `62.7 %`, a dash */
const NUMBERS = /^[-−–\d.e+]+( to [-−\d.e+]+| %)?$/;

/** Names and values, one below the other; in one column if values are `long`. */
export function facts(rows: readonly (readonly [name: string, value: Content])[], long = false): Markup {
  return html`<dl${long && new Markup(' class="long"')}>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}
