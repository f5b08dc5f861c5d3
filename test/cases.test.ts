/** The long form of the suite reaches every property test. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, inject, it } from "vitest";
import config, { APART, DOCS } from "../vitest.config.js";
import { cases } from "./cases.js";

it("is that many times the cases, and that many times the time", async () => {
  const [short, long] = await Promise.all(
    ["test", "long"].map(async (mode) => (await config({ mode, command: "serve" })).test),
  );
  expect([short?.provide, long?.provide]).toEqual([{ timesTheCases: 0.2 }, { timesTheCases: 20 }]);
  expect((long?.testTimeout ?? 0) / (short?.testTimeout ?? 1)).toBe(20);
  expect((long?.hookTimeout ?? 0) / (short?.hookTimeout ?? 1)).toBe(20);
});

it("and that of docs together have each file once", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(scripts.test).toMatch(/vitest run --mode core$/);
  const [, filters] = /vitest run (.+)$/.exec(scripts["test:docs"]) as RegExpExecArray;
  const left = DOCS.map((glob) => new RegExp(`^${glob.replaceAll("**/", "(.+/)?").replaceAll("*", ".*")}$`));
  const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".test.ts"));
  const read = files.filter((file) => filters.split(" ").some((filter) => file.includes(filter)));
  expect(read.length).toBeGreaterThan(10);
  expect(files.filter((file) => left.some((pattern) => pattern.test(file)))).toEqual(read);
});

it("multiplies what a test says, and what it leaves to fast-check", () => {
  const share = inject("timesTheCases");
  expect([cases(100), cases(1)]).toEqual([Math.ceil(100 * share), Math.ceil(share)]);
  expect(fc.readConfigureGlobal().numRuns).toBe(cases(100));
});

it("is asked by every test that says how many", () => {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".test.ts"),
  );
  expect(files.length).toBeGreaterThan(100);
  const plain = files.filter((file) =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      // a sample of fixed size is no property test
      .some((line) => /numRuns: ?\d/.test(line) && !line.includes("fc.sample(")),
  );
  expect(plain).toEqual([]);
});

it("gives a process of its own to each file that replaces modules or globals, which others would meet", () => {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const replacing = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return /\bvi\.(mock|doMock|resetModules|stubGlobal|useFakeTimers)\(/.test(text);
    });
  expect(replacing.length).toBeGreaterThan(3);
  const isApart = (file: string) =>
    APART.some((pattern) => {
      const [begin, rest] = pattern.split("**");
      return rest === undefined ? begin === `test/${file}` : `test/${file}`.startsWith(begin);
    });
  expect(replacing.filter((file) => !isApart(file))).toEqual([]);
});
