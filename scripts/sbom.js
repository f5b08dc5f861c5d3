// Prints a software bill of materials, CycloneDX in JSON: the packages that are installed with this one, at
// the versions of the lock file. It needs no network. `npm sbom --omit dev` on the lock file itself leaves
// out each package that a development dependency needs too (npm 11.19), so npm is given a lock file without
// the others.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));

const {
  devDependencies: _,
  peerDependencies: __,
  peerDependenciesMeta: ___,
  ...manifest
} = read("package.json");
const lock = read("package-lock.json");
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).filter(([, { dev, devOptional, peer }]) => !dev && !devOptional && !peer),
);
lock.packages[""] = manifest;

const temporary = mkdtempSync(join(tmpdir(), "fettle-sbom-"));
try {
  const folder = join(temporary, manifest.name);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
  const words = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--offline"];
  process.stdout.write(execFileSync("npm", words, { cwd: folder, shell: process.platform === "win32" }));
} finally {
  rmSync(temporary, { recursive: true });
}
