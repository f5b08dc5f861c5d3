/** The first page: what Fettle is, where to try it, and the pictures of the benchmark. */
import { escaped, highlighted } from "./markdown.js";

const PROGRAM = `import { tune, float, int } from "fettle";

const { best } = await tune({
  space: { x: float(-5, 5), y: int(1, 100, { log: true }) },
  objective: ({ x, y }) => (x - 1) ** 2 + y,
  direction: "minimize",
  trials: 50,
});
`;

/** Words of the cards, and where they lead. */
const CARDS = [
  [
    "Tune in the page",
    "Drop a table, watch the search, take the model with you. Nothing leaves your machine.",
    "tune/index.html",
  ],
  [
    "Documentation",
    "Tables, networks, searches, storages, servers: a page for each, every block run by the tests.",
    "docs/readme.html",
  ],
  [
    "Reference",
    "Every public name with its shapes, units, errors and an example that runs.",
    "reference/index.html",
  ],
  [
    "Anything can be tuned",
    "Python scripts, shell commands, functions: whatever has numbers to choose.",
    "docs/tuning-anything.html",
  ],
];

/** @param {{ name: string, title: string }[]} pictures - of the optimizer benchmark, in `docs/benchmark/` */
export function home(pictures) {
  const card = ([title, text, href]) =>
    `<a class="card" href="${href}"><strong>${title}</strong><span>${text}</span></a>`;
  const picture = ({ name, title }) =>
    `<figure><a href="docs/benchmark/${name}.svg"><img src="docs/benchmark/${name}.svg" alt="${escaped(title)}" loading="lazy"></a><figcaption>${escaped(title)}</figcaption></figure>`;
  return `<section class="hero">
<h1>Tune small networks wherever JavaScript runs</h1>
<p>One npm package: SIMD WebAssembly kernels, an autograd, networks as Keras users know them, and search strategies that find good hyperparameters. The same seed gives the same bits on Node, Deno, Bun, workerd, Chromium and Firefox.</p>
<p class="calls"><a class="call" href="tune/index.html">Tune in this page</a><a class="call quiet" href="docs/readme.html">Read how</a></p>
<pre tabindex="0"><code>${highlighted(PROGRAM, "js")}</code></pre>
</section>
<section class="cards">
${CARDS.map(card).join("\n")}
</section>
<section class="pictures">
<h2>Optimizers, side by side</h2>
<p>Every optimizer tuned with the same budget, on the same problems, with paired seeds. <a href="docs/benchmark.html">How it was measured</a></p>
${pictures.map(picture).join("\n")}
</section>`;
}
