/** A report of a study: one HTML file that needs no network. */
import { FettleError } from "../../errors.js";
import { loadKernels } from "../../numerics/kernels.js";
import { count } from "../format.js";
import { loadCharts } from "../plots/render.js";
import { type StudyData, type StudySource, studyData } from "../plots/studyData.js";
import { countStatuses } from "../study.js";
import { SCRIPT } from "./brush.js";
import { html, Markup } from "./markup.js";
import type { ReportOptions } from "./options.js";
import type { Reported } from "./reported.js";
import { SECTIONS } from "./sections.js";
import { STYLE } from "./style.js";

/**
 * A report of a study as one HTML file: the answer, how to use it, which columns decide, how the search went,
 * what matters, how training went, how good the model is, the data, and how to repeat it. ECharts, an
 * optional peer, draws the pictures when this is called. The page needs no network, and its policy allows
 * none; it loads nothing, and its only script selects trials.
 *
 * @param study - a study, its JSON, or its data
 * @throws FettleError `unsupported` if the package `echarts` is not installed, or the host has no
 * `crypto.subtle`
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 10 });
 * const page = await createReport(study, { title: "A parabola" });
 * page.startsWith("<!doctype html>"); // true
 * ```
 */
export async function createReport(
  study: StudySource | StudyData,
  options: ReportOptions = {},
): Promise<string> {
  const data = typeof study?.strategy === "string" ? (study as StudyData) : studyData(study as StudySource);
  const [draw] = await Promise.all([loadCharts(), loadKernels()]);
  const reported: Reported = { ...options, study: data, draw };
  const { title = data.name } = options;
  const sections = SECTIONS.flatMap(({ id, title: heading, make }) => {
    const content = make(reported);
    return content === undefined ? [] : [{ id, heading, content }];
  });
  const policy = `default-src 'none'; style-src '${await hashOf(STYLE)}'; script-src '${await hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="lead">${data.strategy} search over ${count(Object.keys(data.space).length, "parameter")}. ${countStatuses(data.trials)}.</p>
<nav aria-label="Sections"><ul>${sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(
  ({ id, heading, content }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${heading}</h2>
${content}
</section>
`,
)}</main>
<footer>Made by Fettle. Colours are safe for colour-blind readers.</footer>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

/** A script or a style as a policy names it. */
async function hashOf(text: string): Promise<string> {
  if (!globalThis.crypto?.subtle)
    throw new FettleError("unsupported", "a report needs crypto.subtle, which pages have only over HTTPS");
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}
