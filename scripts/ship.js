// Keeps out of the package what nobody can import: modules and declarations that no entry reaches. Writes
// dist/.npmignore, which npm reads in addition to "files" in package.json.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { init, parse } from "es-module-lexer";

await init;
const root = fileURLToPath(new URL("..", import.meta.url));
const { exports, imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The files that package.json names. */
const entriesOf = (target) =>
  typeof target === "string" ? [target.slice(2)] : Object.values(target).flatMap(entriesOf);

/** The files that a module or a declaration names. */
function namedIn(file, text) {
  if (file.endsWith(".d.ts"))
    return [...text.matchAll(/\b(?:from|import)\s*\(?"(\.[^"]+)"/g)].map(([, name]) =>
      name.replace(/\.js$/, ".d.ts"),
    );
  return parse(text)[0].flatMap(({ n: name }) => (name ? [name.split("?")[0]] : []));
}

const reached = new Set();
const reach = (file) => {
  if (reached.has(file) || !/\.(js|d\.ts)$/.test(file) || !existsSync(join(root, file))) return;
  reached.add(file);
  for (const name of namedIn(file, readFileSync(join(root, file), "utf8")))
    if (name.startsWith(".")) reach(join(dirname(file), name));
};
for (const file of [exports, imports].flatMap(entriesOf)) reach(file);

// bundles stay complete: each of their files is loaded by some path
const modules = readdirSync(join(root, "dist"), { recursive: true }).filter(
  (file) => /\.(js|d\.ts)$/.test(file) && !/^(browser|node|dashboard.page)./.test(file),
);
const left = modules.map((file) => file.replaceAll("\\", "/")).filter((file) => !reached.has(`dist/${file}`));
writeFileSync(join(root, "dist/.npmignore"), left.map((file) => `/${file}\n`).join(""));
