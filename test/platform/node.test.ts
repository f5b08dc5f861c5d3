/** Files of Node, Deno and Bun. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { platform } from "../../src/platform/node.js";
import { folder, listing } from "../cli/fettle.js";

it("a file that is written many times at once is one of them, whole, and nothing else is left", async () => {
  const path = join(folder(), "model.fettle");
  const contents = Array.from({ length: 20 }, (_, i) => new Uint8Array(100_000 * (i + 1)).fill(i));
  await Promise.all(contents.map((bytes) => platform.files!.write(path, bytes)));
  const read = readFileSync(path);
  expect(Buffer.compare(read, contents[read[0]])).toBe(0);
  expect(listing(join(path, ".."))).toEqual(["model.fettle"]);
});

const { isTTY, columns } = process.stderr;
afterEach(() => void Object.assign(process.stderr, { isTTY, columns }));

it.each([
  [true, 120, 120],
  [true, 0, 80], // as some consoles say
  [true, undefined, 80],
  [false, 120, undefined],
])("the terminal: %s with %s columns", (isTTY, columns, expected) => {
  Object.assign(process.stderr, { isTTY, columns });
  expect(platform.terminal?.()?.columns).toBe(expected);
});
