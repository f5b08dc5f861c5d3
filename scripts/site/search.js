/**
 * The search of the site: an index of the parts of its pages, made by MiniSearch, and the options that the
 * page must share with it.
 */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import MiniSearch from "minisearch";
import { OPTIONS } from "./searchOptions.js";

const MARKS = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };

/** HTML as text, with a space for each mark. */
const textOf = (html) =>
  html
    .replace(/<[^>]*>/g, " ")
    .replace(/&(amp|lt|gt|quot);/g, (mark) => MARKS[mark])
    .replace(/\s+/g, " ")
    .trim();

/**
 * The parts of pages, from one heading of the second or third level to the next.
 *
 * @param {{ href: string, title: string, html: string }[]} pages - `href` leads from the index to the page
 * @returns {{ id: string, title: string, heading: string, text: string }[]} `id` is the address of the part
 */
export function partsOf(pages) {
  return pages.flatMap(({ href, title, html }) =>
    html.split(/(?=<h[23] id=")/).map((part) => {
      const [head, , anchor, heading] = /^<h([23]) id="([^"]*)">(.*?)<\/h\1>/s.exec(part) ?? [""];
      const id = anchor === undefined ? href : `${href}#${anchor}`;
      return { id, title, heading: textOf(heading ?? ""), text: textOf(part.slice(head.length)) };
    }),
  );
}

/** The index of some pages as JSON, which the page's search reads. */
export function indexOf(pages) {
  const index = new MiniSearch(OPTIONS);
  index.addAll(partsOf(pages));
  return JSON.stringify(index);
}

/** The program of the search field, with MiniSearch, for pages. */
export async function searchProgram() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("searchField.js", import.meta.url))],
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
  });
  return outputFiles[0].text;
}
