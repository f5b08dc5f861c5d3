/** What the manifest and the lock file promise those who install this repository. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { manifest, root } from "./install.js";

const lockFile = readFileSync(join(root, "package-lock.json"), "utf8");
const lock = JSON.parse(lockFile) as {
  packages: Record<string, { hasInstallScript?: boolean; resolved?: string }>;
};

it("allows the install scripts of exactly those packages that have one", () => {
  const withScripts = Object.entries(lock.packages).filter(
    ([path, { hasInstallScript }]) => path !== "" && hasInstallScript,
  );
  const names = withScripts.map(([path]) => path.replace(/^.*node_modules\//, ""));
  expect(Object.keys(manifest.allowScripts).sort()).toEqual([...new Set(names)].sort());
});

it("names no registry in the lock file", () => {
  expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  expect(lockFile).not.toMatch(/https?:\/\/[^"]*\.tgz/);
});

it("pins development dependencies exactly", () => {
  const loose = Object.entries(manifest.devDependencies).filter(
    ([, version]) => !/^(npm:[a-z]+@)?\d+\.\d+\.\d+$/.test(version),
  );
  expect(loose).toEqual([]);
});
