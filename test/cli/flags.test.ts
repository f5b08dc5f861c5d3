/** Each flag is declared once: its name, type, default and line of `--help` come from a row of a table. */
import { readdirSync, readFileSync } from "node:fs";
import { Command } from "commander";
import { expect, expectTypeOf, it } from "vitest";
import {
  addFlags,
  type FlagsOf,
  integer,
  jobCount,
  names,
  required,
  text,
  turn,
  turnOff,
  turnOn,
} from "../../src/cli/flags.js";

const cli = new URL("../../src/cli/", import.meta.url);
const files = readdirSync(cli, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));

it("declares no flag outside a table", () => {
  const declaring = files.filter((path) =>
    /\.(o|requiredO|addO)ption\(/.test(readFileSync(new URL(path, cli), "utf8")),
  );
  expect(declaring.map((path) => path.replaceAll("\\", "/"))).toEqual(["flags.ts"]);
});

const TABLE = {
  testSize: integer(0)("<n>", "rows to test", 7),
  from: required(text<"here" | "there">("<place>", "its place")),
  na: names("<words>", "missing"),
  header: turn("has one", "has none"),
  jobs: jobCount(0)("<n>", "programs at once"),
  shuffle: turnOff("in order"),
  loud: turnOn("say more", ["na"]),
};
const ALWAYS = { testSize: 7, from: "there", shuffle: true } as const;

it.each<[string, FlagsOf<typeof TABLE>]>([
  ["", ALWAYS],
  ["--test-size 3 --na a,b --na c", { ...ALWAYS, testSize: 3, na: ["a", "b", "c"] }],
  ["--jobs -1", { ...ALWAYS, jobs: -1 }],
  ["--header --loud", { ...ALWAYS, header: true, loud: true }],
  ["--no-header --no-shuffle", { ...ALWAYS, header: false, shuffle: false }],
])("gives the values of %s", (words, expected) => {
  const command = addFlags(new Command().exitOverride(), TABLE);
  command.parse(["--from", "there", ...words.split(" ").filter(Boolean)], { from: "user" });
  expect(command.opts()).toEqual(expected);
});

it.each([
  ["", /required option '--from <place>' not specified/],
  ["--from here --loud --na a", /'--loud' cannot be used with option '--na <words>'/],
  ["--from here --jobs -2", "--jobs must be an integer of at least 0, or -1 for all processors; received -2"],
  ["--from here --test-size x", '--test-size must be an integer of at least 0; received "x"'],
])("refuses %s", (words, message) => {
  const command = addFlags(new Command().exitOverride().configureOutput({ writeErr: () => {} }), TABLE);
  expect(() => command.parse(words.split(" ").filter(Boolean), { from: "user" })).toThrow(message);
});

it("has the types of its rows", () => {
  expectTypeOf<FlagsOf<typeof TABLE>["testSize"]>().toEqualTypeOf<number>();
  expectTypeOf<FlagsOf<typeof TABLE>["from"]>().toEqualTypeOf<"here" | "there">();
  expectTypeOf<FlagsOf<typeof TABLE>["na"]>().toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf<FlagsOf<typeof TABLE>["header"]>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<FlagsOf<typeof TABLE>["loud"]>().toEqualTypeOf<true | undefined>();
});
