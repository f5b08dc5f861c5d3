/** How the site's pages are made of Markdown. That all links lead somewhere is tested on the whole site, by `npm run test:runtimes`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escaped, highlighted, pageOf, slugOf } from "../../scripts/site/markdown.js";
import { linkFrom, placeOf, sourcesOf } from "../../scripts/site/pages.js";
import { cases } from "../cases.js";

const docs = fileURLToPath(new URL("../../docs", import.meta.url));

describe("highlighted code", () => {
  it.each(["js", "ts", "sh", "", "json"])("in %s is the code, with nothing that is markup", (language) => {
    const piece = fc.constantFrom(
      '"',
      "'",
      "`",
      "\\",
      "//",
      "/*",
      "*/",
      "#",
      "<b>",
      "&",
      "\n",
      " ",
      "const",
      "12e-3",
      "--x",
      "é",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
        const code = pieces.join("");
        const html = highlighted(code, language);
        const text = html.replace(/<span class="(comment|string|word|number)">|<\/span>/g, "");
        expect(text).toBe(escaped(code));
      }),
      { numRuns: cases(100) },
    );
  });

  it("marks words, numbers, texts and comments", () => {
    expect(highlighted('const x = 1; // "one"', "ts")).toBe(
      '<span class="word">const</span> x = <span class="number">1</span>; <span class="comment">// &quot;one&quot;</span>',
    );
  });
});

describe("a page", () => {
  it.each([
    ["What is promised", "what-is-promised"],
    ["`fit`, evaluate & predict", "fit-evaluate--predict"],
    ["Größe: 10 %", "größe-10-"],
  ])("has the anchor of %s as GitHub has it", (heading, slug) => {
    expect(slugOf(heading.replaceAll("`", ""))).toBe(slug);
    expect(pageOf(`# T\n\n## ${heading}\n`, String).html).toContain(`id="${slug}"`);
  });

  it("tells equal headings apart, and links by the function that it is given", () => {
    const { title, html, parts } = pageOf(
      "# Title\n\n## A\n\n[to](b.md#c)\n\n## A\n",
      (href) => `made:${href}`,
    );
    expect(title).toBe("Title");
    expect(parts).toEqual([
      { anchor: "a", heading: "A" },
      { anchor: "a-1", heading: "A" },
    ]);
    expect(html).toContain('<a href="made:b.md#c">');
  });
});

describe("the site", () => {
  it("has a page for each file of docs/, once", () => {
    const all = sourcesOf().flatMap(([, files]) => files);
    expect(new Set(all).size).toBe(all.length);
    const written = readdirSync(docs).filter((file) => file.endsWith(".md"));
    expect(all.filter((file) => file.startsWith("docs/")).sort()).toEqual(
      written.map((file) => join("docs", file).replaceAll("\\", "/")).sort(),
    );
    expect(new Set(all.map(placeOf)).size).toBe(all.length);
  });

  it("leads to pages, pictures, the page that tunes and sources", () => {
    expect(linkFrom("README.md", "docs/tables.md#dates")).toBe("tables.html#dates");
    expect(linkFrom("docs/benchmark.md", "benchmark/ranks.svg")).toBe("benchmark/ranks.svg");
    expect(linkFrom("docs/runtimes.md", "../examples/browser")).toBe("../tune/index.html");
    expect(linkFrom("docs/layers.md", "../examples/weather-gru.ts")).toContain(
      "/blob/main/examples/weather-gru.ts",
    );
    expect(linkFrom("docs/layers.md", "#top")).toBe("#top");
    expect(() => linkFrom("docs/layers.md", "none.md")).toThrow("links to none.md, which does not exist");
  });
});
