/** Comments keep to the column limit, which Biome's formatter holds for code alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const { formatter } = JSON.parse(readFileSync(join(root, "biome.json"), "utf8")) as {
  readonly formatter: { readonly lineWidth: number };
};

/** The lines of prose that are too long: not code, tables or addresses, which cannot be wrapped. */
function longLines(path: string): string[] {
  let isCode = false;
  return readFileSync(join(root, path), "utf8")
    .split("\n")
    .flatMap((line, i) => {
      const [, prose] = /^\s*(?:\/\*\*?|\*|\/\/) (.*)$/.exec(line) ?? [];
      if (prose?.startsWith("```")) isCode = !isCode;
      const isProse = prose !== undefined && !isCode && !/^[|`]|^\s{4}|https?:/.test(prose);
      return isProse && line.length > formatter.lineWidth ? [`${path}:${i + 1}`] : [];
    });
}

it.each(["src", "test", "bench", "scripts", "kernels"])("holds in %s", (folder) => {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|tsx|js|mjs)$/.test(name))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
  expect(files.length).toBeGreaterThan(3);
  expect(files.flatMap(longLines)).toEqual([]);
});
