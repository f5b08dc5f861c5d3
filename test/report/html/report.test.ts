/**
 * Reports: what they have, what they leave out, and that no name is ever read as markup. In a browser, see
 * test/runtimes/report.js.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ready } from "../../../src/numerics/kernels.js";
import { SCRIPT } from "../../../src/report/html/brush.js";
import { escaped, html, table } from "../../../src/report/html/markup.js";
import type { ReportOptions } from "../../../src/report/html/options.js";
import { createReport } from "../../../src/report/html/report.js";
import { STYLE } from "../../../src/report/html/style.js";
import { loadCharts } from "../../../src/report/plots/render.js";
import { choice, float } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../src/search/study/create.js";
import { cases } from "../../cases.js";
import { codePoint } from "../../codePoints.js";
import { studyOf } from "../plots/support.js";

beforeAll(async () => {
  await loadCharts();
  await ready();
}, 60_000);

const space = { rate: float(0.001, 1, { log: true }), kind: choice(["a", "b"]) };

/** A study of so many trials, with curves. */
const studyOfTrials = (count: number) =>
  studyOf(
    space,
    Array.from({ length: count }, (_, i) => {
      const value = 0.2 + (((i * 37) % count) / count) ** 2;
      const curves = { loss: [[1, value]], valLoss: [[1.1, value]] };
      const params = { rate: 0.001 * 1000 ** (((i * 53) % count) / count), kind: i % 3 ? "a" : "b" };
      return [params, { value, seconds: 1, curves }] as const;
    }),
    "minimize",
    ["logLoss"],
  );

const classes = ["no", "yes"];
const p = Array.from({ length: 40 }, (_, i) => ((i * 17) % 40) / 40);
const full: ReportOptions = {
  folds: 3,
  test: { logLoss: 0.25 },
  threshold: 0.5,
  use: [{ title: "On the command line", code: "npx fettle predict study/model.fettle <data.csv>" }],
  predictions: {
    target: "answer",
    classes,
    truth: p.map((each) => Number(each > 0.4)),
    predicted: p.map((each) => Number(each >= 0.5)),
    probabilities: p.map((each) => [1 - each, each]),
  },
  segments: [{ name: "city", values: p.map((each) => (each > 0.3 ? "Oslo" : "東京")) }],
  data: {
    name: "t.csv",
    rows: 200,
    columns: [{ name: "city", kind: "category" }],
    warnings: ['"city" tells the target'],
  },
  repeat: { command: "npx fettle tune t.csv", facts: [["seed", "1"]] },
};

const headings = (page: string): string[] =>
  [...page.matchAll(/<h2 id="([a-z]+)-title">/g)].map(([, id]) => id);

describe("a report", () => {
  it("has its sections in the order in which one asks, and needs no network", async () => {
    const page = await createReport(studyOfTrials(30), full);
    expect(headings(page)).toEqual([
      "answer",
      "use",
      "search",
      "matters",
      "training",
      "quality",
      "data",
      "repeat",
    ]);
    expect(page).not.toMatch(/(src|href)="(?!#)|@import|url\((?!#)/);
    expect(page).toContain("0.2000");
    expect(page).toContain("<li>&quot;city&quot; tells the target</li>");
  });

  it("says why it does not know which columns decide", async () => {
    const page = await createReport(studyOfTrials(4), { explanation: "There are too many <columns>." });
    expect(headings(page)).toContain("columns");
    expect(page).toContain("<p>There are too many &lt;columns&gt;.</p>");
  });

  it("allows its own style and script by their digests, and nothing else", async () => {
    const page = await createReport(studyOfTrials(4));
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const [, policy] = page.match(/Security-Policy" content="([^"]*)"/) as string[];
    expect(policy.replaceAll("&#39;", "'")).toBe(
      `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`,
    );
    expect(page).toContain(`<style>${STYLE}</style>`);
    expect(page).toContain(`<script>${SCRIPT}</script>`);
    // styles of elements would be refused
    expect(page).not.toMatch(/<[^>]* style="/);
  });

  it("names the rows on which a trial was scored", async () => {
    const study = studyOfTrials(3);
    const page = await createReport(study, { folds: "validationData" });
    expect(page).toContain("(less is better), on validationData, trial 0</p>");
    expect(await createReport(study, { folds: 1 })).toContain(
      "(less is better), one validation part, trial 0</p>",
    );
  });

  it("leaves out what is not known", async () => {
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "maximize" });
    await study.optimize(({ x }) => x, { trials: 3 });
    expect(headings(await createReport(study))).toEqual(["answer", "search", "matters", "repeat"]);
    const data = { name: "a.csv", rows: 3, columns: [] };
    expect(await createReport(study, { data })).not.toContain("No warnings");
    expect(await createReport(study, { data: { ...data, warnings: [] } })).toContain("No warnings");
  });

  it("of failures alone says so, with the first error", async () => {
    const page = await createReport(
      studyOf(space, [
        [
          { rate: 0.1, kind: "a" },
          { status: "failed", error: "no <memory>" },
        ],
      ]),
    );
    expect(page).toContain("No trial is complete, so there is no answer yet.");
    expect(page).toContain("Trial 0: <code>no &lt;memory&gt;</code>");
    expect(headings(page)).toEqual(["answer", "search", "repeat"]);
    expect(page).not.toContain('id="p-history"');
  });

  it("says which errors there were, the most frequent first, by their first line", async () => {
    const failed = (error?: string) =>
      [
        { rate: 0.1, kind: "a" },
        { status: "failed" as const, ...(error && { error }) },
      ] as const;
    const page = await createReport(
      studyOf(space, [
        ...[1, 2].map((value) => [{ rate: 0.1, kind: "a" }, { value }] as const),
        ...[failed("no memory\n at a"), failed(), failed("no disk"), failed("no memory\n at b")],
      ]),
    );
    const items = [...page.matchAll(/<li>(Trial .*?)<\/li>/g)].map(([, text]) =>
      text.replace(/<\/?code>/g, ""),
    );
    expect(items).toEqual([
      "Trial 2 and 1 other: no memory",
      "Trial 3: no error message",
      "Trial 4: no disk",
    ]);
  });

  it("has the best trials beside each other, a row for each parameter", async () => {
    const page = await createReport(studyOfTrials(30));
    const rows = [...page.matchAll(/<tr><th scope="row">([^<]*)<\/th>(.*)<\/tr>/g)];
    expect(rows.map(([, name]) => name)).toEqual(["logLoss", "rate", "kind"]);
    const cells = [...rows[0][2].matchAll(/>([^<]+)</g)].map(([, text]) => Number(text));
    expect(cells).toHaveLength(5);
    expect(cells).toEqual([...cells].sort((a, b) => a - b));
    expect(cells[0]).toBe(0.2);
  });

  it("of one parameter that differs is a sweep", async () => {
    const params = (i: number) => ({ rate: 0.001 * 10 ** i, kind: "a" });
    const page = await createReport(
      studyOf(
        space,
        [3, 1, 2].map((value, i) => [params(i), { value, std: 0.5 }] as const),
      ),
    );
    expect(page).toContain("Only rate differs between the trials");
    expect(page).toContain("value is best at rate 0.01: 1.0000 ± 0.5000.");
    expect(page).not.toContain('id="p-importances"');
  });

  it("has a range test and a sweep that it is given", async () => {
    const rates = { rates: [0.01, 0.1, 1], losses: [2, 1, 3], smoothed: [2, 1.5, 2] };
    const page = await createReport(studyOfTrials(8), {
      rates: { ...rates, suggested: 0.1, belowMinimum: 0.01, reason: "finished" },
      sweep: {
        parameter: "momentum",
        metric: "f1",
        direction: "maximize",
        values: [0.5, 0.9].map((value) => ({ value, mean: value / 2, std: null })),
      },
    });
    expect(page).toContain("The loss falls fastest at a rate of 0.1");
    expect(page).toContain("f1 is best at momentum 0.9: 0.4500");
  });

  it("promises the same bits only where it is told that they are", async () => {
    const promise = "gives the same bits";
    expect(await createReport(studyOfTrials(4), full)).not.toContain(promise);
    const page = await createReport(studyOfTrials(4), { repeat: { command: "npx fettle", isSame: true } });
    expect(page).toContain(promise);
  });

  it("of several objectives has the front, and pictures of each objective", async () => {
    // x alone decides loss and f1, z alone size
    const study = studyOf(
      { x: float(0, 1), z: float(0, 1) },
      Array.from({ length: 16 }, (_, i) => {
        const [x, z] = [i, (7 * i + 3) % 16].map((place) => place / 16);
        return [{ x, z }, { values: [1 + x, 4 - z, 5 - 2 * x] }] as const;
      }),
      ["minimize", "minimize", "maximize"],
      ["loss", "size", "f1"],
    );
    const page = await createReport(study);
    expect(page).toContain(
      "3 trials of 16 are on the Pareto front of loss, size and f1: no other is better in all of them.",
    );
    const captions = Object.fromEntries(
      [...page.matchAll(/ id="p-([^"]*)"[^>]*>.*?<figcaption>([^<]*)/gs)].map(([, id, text]) => [id, text]),
    );
    const of = (picture: string) => [0, 1, 2].map((i) => captions[i === 0 ? picture : `${picture}-${i}`]);
    expect(of("history").map((text) => text.split(".", 1)[0])).toEqual([
      "The best loss is 1",
      "The best size is 3",
      "The best f1 is 5",
    ]);
    expect(of("importances").map((text) => text.replace(/ explains.*how | varies.*/g, "<"))).toEqual([
      "x<loss<",
      "z<size<",
      "x<f1<",
    ]);
  });

  it("of 200 trials is under 1 MB, and of 10,000 hardly larger", async () => {
    const bytes = async (count: number) =>
      new TextEncoder().encode(await createReport(studyOfTrials(count), full)).length;
    expect(await bytes(200)).toBeLessThan(1e6);
    expect(await bytes(10_000)).toBeLessThan(2e6);
  }, 120_000);

  it("has an id for each picture, different from all others", async () => {
    const page = await createReport(studyOfTrials(30), full);
    const ids = [...page.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/url\(#([^)]*)\)/g)) expect(ids).toContain(id);
  });
});

const TAGS = new Set(
  "!doctype html head meta title style body header h1 h2 h3 p nav ul li a main section div table thead tbody tr th td dl dt dd pre code figure figcaption svg rect path text g defs clippath polyline polygon line circle details summary fieldset legend label span input output button footer script".split(
    " ",
  ),
);

describe("names and words", () => {
  const nasty = fc.oneof(
    fc.string({ unit: codePoint, maxLength: 15 }),
    fc.constantFrom(
      "</title><script>alert(1)</script>",
      '"><img src=x onerror=alert(1)>',
      "<!--",
      "]]>",
      "&lt;b&gt;",
      "\u2028\0",
      "</script>",
      "$&$1",
    ),
  );

  it("are text in every part of a report", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(nasty, { minLength: 6, maxLength: 6 }),
        async ([name, metric, word, other, error, cell]) => {
          const words = [`${word}!`, `${other}?`];
          const study = studyOf(
            { kind: choice(words), x: float(0, 1) },
            [
              [{ kind: words[0], x: 0.25 }, { value: 1 }],
              [{ kind: words[1], x: 0.5 }, { value: 2 }],
              [
                { kind: words[1], x: 0.5 },
                { status: "failed", error },
              ],
            ],
            "minimize",
            [metric],
          );
          const page = await createReport(study, {
            title: name,
            test: { [metric]: 1 },
            use: [{ title: word, code: other }],
            predictions: {
              target: name,
              classes: words,
              truth: [0, 1, 1],
              predicted: [0, 1, 0],
              probabilities: [
                [0.8, 0.2],
                [0.1, 0.9],
                [0.6, 0.4],
              ],
            },
            segments: [{ name: metric, values: [word, other, cell] }],
            data: {
              name,
              rows: 3,
              target: name,
              columns: [{ name: cell, kind: word, samples: other }],
              classes: [{ name: word, rows: 3 }],
              warnings: [error],
            },
            repeat: { command: cell, facts: [[word, other]] },
            explanation: {
              task: "regression",
              outputs: [word],
              importance: {
                metric,
                direction: "minimize",
                score: 1,
                rows: 3,
                of: 3,
                noInterval: error,
                columns: [{ columns: [cell], importance: 1 }],
                groups: [{ columns: [cell, name], importance: 1 }],
              },
              dependence: [
                {
                  column: cell,
                  values: [word, other],
                  counts: [1, 2],
                  mean: [[1], [2]],
                  curves: [],
                  gaps: [],
                  others: 0,
                },
              ],
            },
          });
          const body = page.replace(SCRIPT, "").replace(STYLE, "");
          for (const [, tag] of body.matchAll(/<\/?([^\s>]*)/g)) expect(TAGS).toContain(tag.toLowerCase());
          expect(body.match(/<script/g)).toHaveLength(1);
          const tags = [...body.matchAll(/<[a-z][^>]*>/gi)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
          expect(tags.filter((tag) => /\son/i.test(tag))).toEqual([]);
        },
      ),
      { numRuns: cases(8) },
    );
  }, 60_000);

  it("are escaped for text and for attributes", () => {
    expect(escaped(`<a href="x">'&\0`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp; ");
    expect(html`<p title="${'"'}">${["<", html`<b>${"&"}</b>`, undefined, false, 0]}</p>`.text).toBe(
      '<p title="&quot;">&lt;<b>&amp;</b>0</p>',
    );
  });

  it("are flush right where a column has numbers alone", () => {
    const { text } = table(
      [
        ["name", "score"],
        ["a", "0.5"],
        ["b", "1.2e-4 to 3"],
        ["c", "–"],
      ],
      "Scores",
    );
    expect(text.match(/<td class="number">/g)).toHaveLength(3);
    expect(text).toContain('<th scope="col" class="number">score</th>');
  });
});
