/** The links among the pages: each leads somewhere, and each page of docs/ is found from README.md. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import MarkdownIt from "markdown-it";
import { expect, it } from "vitest";
import { pages, root } from "./blocks.js";

const markdown = new MarkdownIt({ html: true });

interface Page {
  /** Targets that are not addresses: paths from the root, with the part after `#`. */
  readonly links: readonly (readonly [path: string, part: string | undefined])[];
  readonly headings: ReadonlySet<string>;
}

const read = (path: string): Page => {
  const links: (readonly [string, string | undefined])[] = [];
  const headings = new Set<string>();
  const tokens = markdown.parse(readFileSync(join(root, path), "utf8"), {});
  for (const [i, token] of tokens.entries()) {
    if (token.type !== "inline") continue;
    const pieces = token.children ?? [];
    if (tokens[i - 1].type === "heading_open")
      headings.add(slug(pieces.map(({ content }) => content).join("")));
    for (const piece of pieces) {
      const target = piece.attrGet("href") ?? piece.attrGet("src");
      if (target === null || /^[a-z]+:/.test(String(target))) continue;
      const [file, part] = decodeURI(String(target)).split("#");
      links.push([file === "" ? path : normalize(join(dirname(path), file)), part]);
    }
  }
  return { links, headings };
};

/** As GitHub makes the name of a heading. */
const slug = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");

const all = new Map(pages.map((path) => [path, read(path)]));

it.each(pages)("the links of %s lead to files and headings", (path) => {
  const { links } = all.get(path) as Page;
  const wrong = links.filter(([file, part]) => {
    if (!existsSync(join(root, file))) return true;
    return part !== undefined && file.endsWith(".md") && !all.get(file)?.headings.has(part);
  });
  expect(wrong).toEqual([]);
});

it("README.md leads to each page of docs/", () => {
  const found = new Set(["README.md"]);
  for (const path of found)
    for (const [file] of all.get(path)?.links ?? []) if (all.has(file)) found.add(file);
  const docs = pages.filter((path) => path.startsWith("docs/"));
  expect(docs.length).toBeGreaterThan(20);
  expect(docs.filter((path) => !found.has(path))).toEqual([]);
});

it("README.md lists the guide first among the pages", () => {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const [, list] = text.split(/^## Documentation$/m);
  for (const part of [text, list]) expect(/\]\((docs\/[^)]+)\)/.exec(part)?.[1]).toBe("docs/guide.md");
});
