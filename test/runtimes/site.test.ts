/**
 * How the site's pages are made of Markdown. That all links lead somewhere is tested on the whole site, by
 * `npm run test:runtimes`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import MiniSearch from "minisearch";
import { describe, expect, it } from "vitest";
import { sampleOf, scoresOf } from "../../scripts/site/home.js";
import { escaped, highlighted, pageOf, slugOf } from "../../scripts/site/markdown.js";
import { linkFrom, placeOf, sourcesOf, textOf } from "../../scripts/site/pages.js";
import { indexOf, partsOf } from "../../scripts/site/search.js";
import { OPTIONS } from "../../scripts/site/searchOptions.js";
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

describe("the first page", () => {
  it("has rows of the table, its first columns and its target", () => {
    expect(sampleOf("a,b,c,d\n1,2,3,x\n4,5,6,y\n", { rows: 1, columns: 2 })).toEqual([
      ["a", "b", "… 1 more", "d"],
      ["1", "2", "…", "x"],
    ]);
  });

  it("has the scores that the page about them quotes, with their intervals", () => {
    const { title, scores, verdict } = scoresOf(textOf("docs/validation.md"));
    expect(title).toMatch(/^Scores on \d+ held-out rows$/);
    expect(scores[0]).toEqual(["score", "this model", "95 % interval", "linear", "constant"]);
    for (const cells of scores.slice(1)) {
      expect(cells).toHaveLength(5);
      const [score, from, to] = [cells[1], ...cells[2].split(" to ")].map(Number);
      expect(from <= score && score <= to).toBe(true);
    }
    expect(verdict).toMatch(/linear model/);
    expect(() => scoresOf("no scores")).toThrow("the page quotes no scores");
  });
});

describe("the search", () => {
  const page = (text: string, href: string) => ({ ...pageOf(text, String), href });
  const pages = [
    page("# Fish\n\nAll &amp; more.\n\n## Cod\n\nSwims in `cold <water>`.\n", "fish.html"),
    page("# Birds\n\n## Owl\n\nFlies at night.\n\n### At rest\n\nSleeps by day.\n", "birds.html"),
  ];

  it("knows each part of a page by its address, without marks", () => {
    expect(partsOf(pages).map(({ id, title, heading, text }) => [id, title, heading, text])).toEqual([
      ["fish.html", "Fish", "", "Fish All & more."],
      ["fish.html#cod", "Fish", "Cod", "Swims in cold <water> ."],
      ["birds.html", "Birds", "", "Birds"],
      ["birds.html#owl", "Birds", "Owl", "Flies at night."],
      ["birds.html#at-rest", "Birds", "At rest", "Sleeps by day."],
    ]);
  });

  it.each([
    ["cold", "fish.html#cod"],
    ["night ow", "birds.html#owl"],
    ["sleops", "birds.html#at-rest"],
  ])("finds by words, their beginnings and with a slip: %s", (query, id) => {
    const index = MiniSearch.loadJSON(indexOf(pages), OPTIONS);
    expect(index.search(query).map((found) => found.id)).toEqual([id]);
    expect(index.search("whale")).toEqual([]);
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
