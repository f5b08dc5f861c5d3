/** Short helpers for the document. */

export const find = (selector) => document.querySelector(selector);

/** Shows an element, or hides it. */
export function shown(selector, isShown) {
  find(selector).hidden = !isShown;
}

/** Fills the table of an element; the first cell of each row is its head. */
export function fill(selector, heads, rows) {
  find(`${selector} thead`).replaceChildren(...heads.map((cells) => rowOf(cells, () => "col")));
  find(`${selector} tbody`).replaceChildren(
    ...rows.map((cells) => rowOf(cells, (i) => (i === 0 ? "row" : undefined))),
  );
}

function rowOf(cells, scopeOf) {
  const row = document.createElement("tr");
  for (const [i, content] of cells.entries()) {
    const scope = scopeOf(i);
    const one = document.createElement(scope && content !== "" ? "th" : "td");
    if (scope && content !== "") one.scope = scope;
    one.textContent = content;
    if (String(content).length > 24) one.title = content;
    row.append(one);
  }
  return row;
}

/** An element with a text and children. */
export function made(name, text = "", ...children) {
  const element = document.createElement(name);
  element.textContent = text;
  element.append(...children);
  return element;
}

/** A value in short, readable form. */
export function written(value) {
  if (value === undefined) return "–";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6 ? value.toExponential(2) : value.toPrecision(3);
}

/** Saves a file, as a download. */
export function save(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
