/**
 * The same pictures everywhere: one bundle draws them in Node, in Deno, and in a page and a Web Worker of
 * Chromium and of Firefox. The options must be Node's, and the SVG too, character by character; in a page,
 * but for places.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { reportOf, serving } from "./browsers.js";
import { runProcess, runtimes, withChromium, withFirefox } from "./launch.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const deno = runtimes.find(({ name }) => name === "deno");

export const picturesCheck = {
  name: "pictures",
  install: () => deno.install(),
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "fettle-pictures-"));
    try {
      const program = join(folder, "pictures.js");
      await esbuild.build({
        entryPoints: [here("pictures-program.js")],
        outfile: program,
        bundle: true,
        format: "esm",
        // the paths of tsconfig.json lead to the sources
        tsconfigRaw: {},
        platform: "browser",
        external: ["node:*"],
        alias: {
          "fettle/report": here("../../dist/report/index.js"),
          fettle: here("../../dist/index.js"),
        },
      });
      copyFileSync(here("../../wasm/kernels.wasm"), join(folder, "kernels.wasm"));
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      writeFileSync(
        join(folder, "page.html"),
        '<!doctype html><title>pictures</title><script type="module" src="pictures.js"></script>',
      );
      const drawn = { node: await runProcess([process.execPath], [program, "--print"]) };
      drawn.deno = await runProcess(deno.command, [program, "--print"]);
      await serving(folder, async (origin) => {
        for (const [name, within] of Object.entries({ chromium: withChromium, firefox: withFirefox }))
          [drawn[name], drawn[`a worker of ${name}`]] = await within(async (browser) =>
            reportOf(await browser.newPage(), `${origin}/page.html`),
          );
      });
      return compared(drawn);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/**
 * A page measures text by its own fonts, so text, and what is laid out by it, is elsewhere there; the rest is
 * the same.
 */
const PAGES = ["chromium", "firefox"];
const withoutPlaces = (svg) => svg.replace(/[-\d.]+/g, "");

function compared({ node, ...others }) {
  if (!/^invalid_state: .*await ready\(\) first/.test(node.refused))
    throw new Error(`a contour without kernels is not refused with what to do: ${node.refused}`);
  for (const [name, { options, svgs }] of Object.entries(others)) {
    if (options !== node.options) throw new Error(`${name} makes other options than Node`);
    const shown = PAGES.includes(name) ? withoutPlaces : (svg) => svg;
    svgs.forEach((svg, i) => {
      const [own, expected] = [svg, node.svgs[i]].map(shown);
      if (own !== expected)
        throw new Error(`${name} draws picture ${i} otherwise: ${firstDifference(own, expected)}`);
    });
  }
  const same = Object.keys(others).filter((name) => !PAGES.includes(name));
  return `${node.svgs.length} pictures have Node's options everywhere, its SVG in ${same.join(", ")}, and all but the places of text in a page of ${PAGES.join(" and ")}`;
}

function firstDifference(one, other) {
  const at = [...one].findIndex((letter, i) => letter !== other[i]);
  return `${one.slice(Math.max(0, at - 60), at + 60)} | ${other.slice(Math.max(0, at - 60), at + 60)}`;
}
