/** The first page: a table that becomes an answer, where to start, and the pictures of the benchmark. */
import { escaped, highlighted } from "./markdown.js";

const COMMANDS = `npx fettle tune breast-cancer.csv --target diagnosis --out study
npx fettle report study
npx fettle predict study/model.fettle new.csv --proba
`;

/** Texts of the cards, and where they lead. */
const CARDS = [
  [
    "Tune in the page",
    "Drop a table, watch the search, download the model. Nothing leaves your machine.",
    "tune/index.html",
  ],
  ["Guide", "From a CSV file to served predictions: five commands and one file.", "docs/guide.html"],
  [
    "Reference",
    "Every public name with its shapes, units, errors and an example that runs.",
    "reference/index.html",
  ],
  [
    "Anything can be tuned",
    "Python scripts, shell commands, functions: anything with parameters to choose.",
    "docs/tuning-anything.html",
  ],
];

const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
const table = ([head, ...rows]) =>
  `<div class="scrolls" tabindex="0"><table><thead>${row(head, "th")}</thead><tbody>${rows.map((cells) => row(cells, "td")).join("")}</tbody></table></div>`;

/** The first rows of a CSV file, with some of its first columns and the last one. */
export function sampleOf(csv, { rows = 3, columns = 2 } = {}) {
  const lines = csv.trim().split("\n", rows + 1);
  return lines.map((line, i) => {
    const cells = line.split(",");
    return [...cells.slice(0, columns), i === 0 ? `… ${cells.length - columns - 1} more` : "…", cells.at(-1)];
  });
}

/**
 * The scores that `fettle tune` prints, from the page that quotes them.
 *
 * @param {string} page - Markdown
 * @returns {{ title: string, scores: string[][], verdict: string }}
 * @throws Error if the page quotes none
 */
export function scoresOf(page) {
  const [, title, head, lines, verdict] =
    /^(Scores on \d+ held-out rows)\n {2,}(.*)\n((?: {2}\S.*\d\n)+) {2}(A .*?),/m.exec(page) ?? [];
  if (title === undefined) throw new Error("the page quotes no scores");
  const cellsOf = (line) => line.trim().split(/ {2,}/);
  return {
    title,
    scores: [["score", ...cellsOf(head)], ...lines.trimEnd().split("\n").map(cellsOf)],
    verdict,
  };
}

/**
 * @param {object} contents
 * @param {string} contents.csv - the table of the example
 * @param {string} contents.quoted - the Markdown that quotes its scores
 * @param {{ name: string, title: string }[]} contents.pictures - of the optimizer benchmark, in
 * `docs/benchmark/`
 */
export function home({ csv, quoted, pictures }) {
  const card = ([title, text, href]) =>
    `<a class="card" href="${href}"><strong>${title}</strong><span>${text}</span></a>`;
  const picture = ({ name, title }) =>
    `<figure><a href="docs/benchmark/${name}.svg"><img src="docs/benchmark/${name}.svg" alt="${escaped(title)}" loading="lazy"></a><figcaption>${escaped(title)}</figcaption></figure>`;
  const { title, scores, verdict } = scoresOf(quoted);
  return `<section class="hero">
<h1>From a table to an answer</h1>
<p>Fettle tunes small networks, and anything else with hyperparameters, wherever JavaScript runs: one npm package with SIMD WebAssembly kernels. The same seed gives the same bits on Node, Deno, Bun, workerd, Chromium and Firefox, tried on x86-64.</p>
<p class="calls"><a class="call" href="tune/index.html">Tune in this page</a><a class="call quiet" href="docs/guide.html">Read the guide</a></p>
<div class="answer">
<h2>The table</h2>
${table(sampleOf(csv))}
<h2>Three lines</h2>
<pre tabindex="0"><code>${highlighted(COMMANDS, "sh")}</code></pre>
</div>
</section>
<section class="becomes">
<div>
<h2>The answer</h2>
<p>${title}, which no trial saw:</p>
${table(scores)}
<p>“${escaped(verdict)}”, says the command: you see whether tuning helped. <a href="docs/validation.html">What the scores mean</a></p>
</div>
<figure><a href="docs/report.html"><img src="docs/report-1280-light.webp" alt="The report of a study: scores with intervals, importances and learning curves" loading="lazy"></a><figcaption>The report: one HTML file</figcaption></figure>
</section>
<section class="cards">
${CARDS.map(card).join("\n")}
</section>
<section class="pictures">
<h2>Optimizers, compared</h2>
<p>Every optimizer tuned with the same budget, on the same problems, with paired seeds. <a href="docs/benchmark.html">How it was measured</a></p>
${pictures.map(picture).join("\n")}
</section>`;
}
