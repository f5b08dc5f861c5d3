/** `npm run new`: each kind of addition in a copy of the files that it changes, and CONTRIBUTING's counts. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { add, kinds } from "../../scripts/new.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fettle-new-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (path: string) => readFileSync(path, "utf8");
/** The files that a template names, for a name. */
const pathsOf = (kind: string, name: string) =>
  [...read(join(root, `scripts/new/${kind}.txt`)).matchAll(/^=== (\S+)/gm)].map(([, path]) =>
    path.replaceAll("__name__", name),
  );
const contributing = read(join(root, "CONTRIBUTING.md"));

it("has the kinds that CONTRIBUTING.md lists", () => {
  const [, listed] = /`npm run new -- (\S+) </.exec(contributing) ?? [];
  expect(listed?.split("|").sort()).toEqual([...kinds].sort());
});

describe.each(kinds)("a new %s", (kind) => {
  const copy = join(folder, kind);
  const name = "newThing";
  for (const path of pathsOf(kind, name))
    if (existsSync(join(root, path))) cpSync(join(root, path), join(copy, path));
  const files = add(kind, name, copy);

  it("is in each file, among its rows", () => {
    for (const path of files) {
      const text = read(join(copy, path));
      expect(text, path).toMatch(/newThing|new-thing/i);
      if (existsSync(join(root, path)))
        expect(text.split("\n"), path).toEqual(
          expect.arrayContaining(read(join(root, path)).trimEnd().split("\n")),
        );
      if (path.endsWith(".json")) expect(() => JSON.parse(text)).not.toThrow();
      const { diagnostics } = ts.transpileModule(path.endsWith(".ts") ? text : "", {
        reportDiagnostics: true,
      });
      expect(diagnostics, path).toEqual([]);
    }
  });

  it("has a test that fails until it is filled in", () => {
    const tests = files.filter((path) => path.startsWith("test/"));
    expect(tests.some((path) => read(join(copy, path)).includes('throw new Error("fill in: '))).toBe(true);
  });

  it("touches as many files as CONTRIBUTING.md says", () => {
    const [, count] = new RegExp(`^\\| \`${kind}\` \\| (\\d+) `, "m").exec(contributing) ?? [];
    expect(Number(count)).toBe(files.length);
  });

  it("is refused a second time, and nothing is written", () => {
    const before = files.map((path) => read(join(copy, path)));
    if (files.every((path) => existsSync(join(root, path)))) return;
    expect(() => add(kind, name, copy)).toThrow(/ exists$/);
    expect(files.map((path) => read(join(copy, path)))).toEqual(before);
  });
});

it.each([
  ["colour", "teal", /^the kind must be activation, .*; received colour$/],
  ["layer", "New-Thing", /^the name must be in camelCase; received New-Thing$/],
  ["layer", "newThing", /^src\/nn\/layers\/index.ts has no line|ENOENT/],
] as const)("refuses %s %s", (kind, name, message) => {
  expect(() => add(kind, name, join(folder, "nothing"))).toThrow(message);
});
