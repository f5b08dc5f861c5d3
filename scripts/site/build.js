/**
 * `npm run build:site`: writes `site/`, static files that any server or none can show: the page that tunes,
 * the documentation, the reference that TypeDoc makes of the comments, and the pictures of the optimizer
 * benchmark. The argument is another folder. Needs `dist/`.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writePage } from "../../examples/browser/bundle.js";
import { home } from "./home.js";
import { pageOf } from "./markdown.js";
import { linkFrom, pictures, placeOf, root, sourcesOf, textOf } from "./pages.js";
import { reference } from "./reference.js";
import { indexOf, searchProgram } from "./search.js";
import { page, sideOf } from "./template.js";

/** Writes the site to a folder, which it empties first. */
export async function buildSite(out) {
  rmSync(out, { recursive: true, force: true });
  const write = (place, text) => {
    mkdirSync(dirname(join(out, place)), { recursive: true });
    writeFileSync(join(out, place), text);
  };
  await writePage(join(out, "tune"));
  const groups = sourcesOf().map(([group, files]) => [group, files.map(readPage)]);
  const listed = groups.map(([group, pages]) => [group, pages.map(({ href, title }) => ({ href, title }))]);
  const pages = groups.flatMap(([, pages]) => pages);
  write("search.json", indexOf(pages.map((each) => ({ ...each, href: placeOf(each.file) }))));
  write("search.js", await searchProgram());
  for (const { file, href, title, parts, html } of pages)
    write(
      placeOf(file),
      page({ up: "../", title: `${title} – Fettle`, main: html, side: sideOf(listed, href, parts) }),
    );
  for (const file of pictures()) cpSync(join(root, "docs", file), join(out, "docs", file));
  const drawn = pictures().filter((file) => /^benchmark\/.*\.svg$/.test(file));
  const shown = drawn.map((file) => ({
    name: file.slice("benchmark/".length, -".svg".length),
    title: titleOf(file),
  }));
  const contents = {
    csv: textOf("examples/data/breast-cancer.csv"),
    quoted: textOf("docs/validation.md"),
    pictures: shown,
  };
  write(
    "index.html",
    page({ up: "", title: "Fettle: tune small networks wherever JavaScript runs", main: home(contents) }),
  );
  cpSync(fileURLToPath(new URL("site.css", import.meta.url)), join(out, "site.css"));
  await reference(join(out, "reference"));
}

function readPage(file) {
  const { title, ...rest } = pageOf(textOf(file), (href) => linkFrom(file, href));
  return {
    file,
    href: placeOf(file).replace("docs/", ""),
    title: title === "Fettle" ? "Overview" : title,
    ...rest,
  };
}

/** The title that a picture tells to screen readers. */
function titleOf(file) {
  return /<title>([^<]*)<\/title>/.exec(textOf(`docs/${file}`))?.[1] ?? file;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = resolve(process.argv[2] ?? join(root, "site"));
  await buildSite(out);
  console.log(`${out}: open index.html through any server of static files, such as npx serve site`);
}
