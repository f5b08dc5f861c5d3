/** Which pages the site has, in which order, and where their links lead. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = "https://github.com/fettle-js/fettle";

/** Groups of the navigation. What a group does not name comes at its end, in the order of names: `*`. */
const GROUPS = [
  ["Begin", ["README.md", "docs/guide.md", "docs/tuning.md", "docs/coming-from-*"]],
  [
    "Data and models",
    [
      "docs/tables.md",
      "docs/training.md",
      "docs/layers.md",
      "docs/losses-and-metrics.md",
      "docs/optimizers.md",
      "docs/models.md",
      "docs/shapes.md",
    ],
  ],
  ["Search", ["docs/strategies.md", "docs/tuning-anything.md", "docs/validation.md", "docs/storage.md"]],
  ["Serve", ["docs/serving.md", "docs/serving-models.md", "docs/runtimes.md", "docs/trust.md"]],
  ["Measured", ["docs/benchmark.md", "docs/performance.md", "docs/tables-benchmark.md"]],
  [
    "More",
    [
      "docs/*",
      "docs/testing.md",
      "docs/architecture.md",
      "docs/decisions.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "CHANGELOG.md",
    ],
  ],
];

/** The Markdown files of the site, in groups: whatever `docs/` has. */
export function sourcesOf(files = markdown()) {
  const named = new Set(GROUPS.flatMap(([, names]) => names));
  const matches = (pattern, file) =>
    pattern.endsWith("*") ? file.startsWith(pattern.slice(0, -1)) && !named.has(file) : file === pattern;
  const taken = new Set();
  return GROUPS.map(([group, patterns]) => {
    const own = patterns.flatMap((pattern) =>
      files.filter((file) => matches(pattern, file) && !taken.has(file)),
    );
    for (const file of own) taken.add(file);
    return [group, own];
  });
}

function markdown() {
  const docs = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
  return [
    "README.md",
    ...docs.map((file) => `docs/${file}`),
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
  ];
}

/** The page of a Markdown file, below the site: all are in one folder, beside the pictures of `docs/`. */
export const placeOf = (file) => `docs/${posix.basename(file, ".md").toLowerCase()}.html`;

/**
 * Where a link of a Markdown file leads from its page.
 *
 * @param {string} file - from the root of the repository
 * @throws Error for a link to a file that does not exist
 */
export function linkFrom(file, href, pages = new Set(sourcesOf().flatMap(([, files]) => files))) {
  if (/^[a-z]+:/.test(href)) return href;
  const [path, anchor] = href.split("#");
  const hash = anchor === undefined ? "" : `#${anchor}`;
  if (path === "") return hash;
  const target = posix.join(posix.dirname(file), path).replace(/\/$/, "");
  if (pages.has(target)) return posix.basename(placeOf(target)) + hash;
  if (target === "examples/browser") return "../tune/index.html";
  const full = join(root, target);
  if (!existsSync(full)) throw new Error(`${file} links to ${href}, which does not exist`);
  if (target.startsWith("docs/") && !target.endsWith(".md")) return target.slice("docs/".length);
  return `${SOURCES}/${statSync(full).isDirectory() ? "tree" : "blob"}/main/${target}${hash}`;
}

export const textOf = (file) => readFileSync(join(root, file), "utf8");

/** The files of `docs/` that are not Markdown, such as pictures. */
export const pictures = () =>
  readdirSync(join(root, "docs"), { recursive: true })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => !file.endsWith(".md") && !statSync(join(root, "docs", file)).isDirectory());
