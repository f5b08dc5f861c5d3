/** The one template of all pages but the page that tunes and the reference. */
import { escaped } from "./markdown.js";

const MARK =
  '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/><path d="M6 23h7v-7h6V9h7"/></svg>';

const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** The search field; its script shows it, and finds `search.json` by `data-up`. */
const search = (up) =>
  `<form id="search" role="search" data-up="${up}" hidden><input type="search" placeholder="Search" aria-label="Search the documentation" autocomplete="off"><ol hidden></ol><p class="found" role="status"></p></form>`;

/**
 * @param {object} page
 * @param {string} page.up - the way to the root of the site: `""` or `"../"`
 * @param {string} page.title
 * @param {string} page.main - HTML
 * @param {string} [page.side] - HTML of the navigation beside it
 */
export function page({ up, title, main, side = "" }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}</title>
<link rel="icon" href="${up}tune/icon.svg">
<link rel="stylesheet" href="${up}site.css">
<script type="module" src="${up}search.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="brand" href="${up}index.html">${MARK}Fettle</a>
${search(up)}
<nav aria-label="Site">${side ? '<a class="narrow" href="#pages">All pages</a>' : ""}<a href="${up}docs/readme.html">Documentation</a><a href="${up}reference/index.html">Reference</a><a href="${up}docs/benchmark.html">Benchmark</a><a class="call" href="${up}tune/index.html">Tune in the page</a></nav>
</header>
${side ? `<div class="sides">\n${side}\n<main id="main">\n${main}\n</main>\n</div>` : `<main id="main">\n${main}\n</main>`}
</body>
</html>
`;
}

/**
 * The navigation beside a page: all pages in groups, and the parts of this one.
 *
 * @param {[group: string, pages: { href: string, title: string }[]][]} groups
 * @param {string} current - the `href` of this page
 * @param {{ anchor: string, heading: string }[]} parts
 */
export function sideOf(groups, current, parts) {
  const item = ({ href, title }) => {
    const own = href === current;
    const inside = own && parts.length > 1 ? `<ul>${parts.map(partOf).join("")}</ul>` : "";
    return `<li><a href="${href}"${own ? ' aria-current="page"' : ""}>${escaped(title)}</a>${inside}</li>`;
  };
  const partOf = ({ anchor, heading }) => `<li><a href="#${escaped(anchor)}">${escaped(heading)}</a></li>`;
  const lists = groups.map(([group, pages]) => `<h2>${group}</h2><ul>${pages.map(item).join("")}</ul>`);
  return `<nav class="side" id="pages" aria-label="Pages">${lists.join("")}</nav>`;
}
