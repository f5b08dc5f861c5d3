/** The reference of all public names, by TypeDoc, from the comments of the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Application, Configuration, PageEvent } from "typedoc";
import { root } from "./pages.js";

/** The entries of package.json: as users import them, and their sources. */
function entries() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.entries(exports).flatMap(([entry, { types }]) => {
    if (!types?.startsWith("./dist/")) return [];
    const path = types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts");
    return [{ name: entry.replace(".", "fettle"), path: join(root, path), module: moduleOf(path) }];
  });
}

/** TypeDoc's own name of a source. */
const moduleOf = (path) => path.replace(/^src\//, "").replace(/(\/index)?\.ts$/, "");

/** @param {string} out - the folder */
export async function reference(out) {
  const all = entries();
  const app = await Application.bootstrap(
    {
      name: "Fettle",
      entryPoints: all.map(({ path }) => path),
      tsconfig: join(root, "tsconfig.build.json"),
      readme: "none",
      skipErrorChecking: true,
      excludeInternal: true,
      excludePrivate: true,
      disableSources: true,
      disableGit: true,
      githubPages: false,
      hideGenerator: true,
      logLevel: "Error",
      navigationLinks: { Documentation: "../docs/readme.html", "Tune in the page": "../tune/index.html" },
      includeHierarchySummary: false,
      validation: false,
      favicon: join(root, "examples/browser/icon.svg"),
    },
    [new Configuration.TSConfigReader()],
  );
  const project = await app.convert();
  if (!project) throw new Error("TypeDoc could not read the sources");
  for (const module of project.children ?? []) {
    const entry = all.find((each) => each.module === module.name);
    if (!entry) throw new Error(`TypeDoc names a module ${module.name}, which no entry is`);
    module.name = entry.name;
  }
  // TypeDoc writes the links to the rest of the site the same on all pages
  app.renderer.on(PageEvent.END, (page) => {
    const up = "../".repeat(page.url.split("/").length - 1);
    page.contents = page.contents?.replace(/ href="(\.\.\/(docs|tune)\/)/g, ` href="${up}$1`);
  });
  await app.generateDocs(project, out);
}
