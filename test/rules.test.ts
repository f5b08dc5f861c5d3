/**
 * Tables of options: what `readOptions` makes of them, and that the docs of the interfaces have their
 * defaults.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { flag, integer, listOf, number, type OptionRules, readOptions } from "../src/rules.js";

interface Options {
  readonly rows: number;
  readonly size?: number;
  readonly share?: number;
  readonly shuffle?: boolean;
  readonly names?: readonly string[];
  readonly later?: string;
}
const RULES = {
  rows: [integer()],
  size: [integer(2, 9), 3],
  share: number("[0, 1)"),
  shuffle: [flag, true],
  names: listOf("a list of names", (name) => typeof name === "string", 1),
  later: true,
} satisfies OptionRules<Options>;
const read = (options: object) => readOptions(options as Options, "a test", RULES, " of test");
const refused = (options: object) => {
  try {
    return read(options);
  } catch (error) {
    return (error as Error).message;
  }
};

describe("readOptions", () => {
  it("gives what was given, and the defaults of what was left out or is undefined", () => {
    const given = { rows: 2, size: undefined, later: "x", names: undefined };
    expect(read(given)).toEqual({ rows: 2, size: 3, shuffle: true, later: "x" });
    expect(given).toEqual({ rows: 2, size: undefined, later: "x", names: undefined });
    expect(read({ rows: 2, size: 2, shuffle: false, share: 0.5 })).toEqual({
      rows: 2,
      size: 2,
      shuffle: false,
      share: 0.5,
    });
  });

  it("refuses unknown names, options that must be given, and values that break a rule; null is a value", () => {
    expect(refused({ rows: 1, sise: 3 })).toBe(
      'unknown option of a test "sise". Did you mean "size"? Known: rows, size, share, shuffle, names, later.',
    );
    expect(refused({})).toBe("rows of test must be a positive integer; received undefined");
    expect(refused({ rows: 1, size: 1 })).toBe("size of test must be an integer of at least 2; received 1");
    expect(refused({ rows: 1, size: 10 })).toBe("size of test must be at most 9; received 10");
    expect(refused({ rows: 1, size: null })).toBe(
      "size of test must be an integer of at least 2; received null",
    );
    expect(refused({ rows: 1, share: 1 })).toBe("share of test must be a number in [0, 1); received 1");
    expect(refused({ rows: 1, share: "0.5" })).toBe(
      'share of test must be a number in [0, 1); received "0.5"',
    );
    expect(refused({ rows: 1, shuffle: 1 })).toBe("shuffle of test must be true or false; received 1");
    expect(refused({ rows: 1, names: [] })).toBe("names of test must be a list of names; received []");
    expect(refused("rows" as unknown as object)).toBe(
      'the options of a test must be an object; received "rows"',
    );
  });

  it("has a table that does not compile with a row too many, too few, or of another type", () => {
    const { later: _, ...fewer } = RULES;
    // @ts-expect-error a row is missing
    fewer satisfies OptionRules<Options>;
    // @ts-expect-error no such option
    ({ ...RULES, more: true }) satisfies OptionRules<Options>;
    // @ts-expect-error a flag where a number is wanted
    ({ ...RULES, size: flag }) satisfies OptionRules<Options>;
    // @ts-expect-error a default of another type
    ({ ...RULES, size: [integer(), "3"] }) satisfies OptionRules<Options>;
    // @ts-expect-error an option that must be given has no default, and brackets
    ({ ...RULES, rows: integer() }) satisfies OptionRules<Options>;
    expect(Object.keys(fewer)).not.toContain("later");
  });
});

/**
 * Each default of a table that is a literal, with the docs of its option in the interface of the same file.
 */
function defaultsIn(file: string): { option: string; usual: string; docs: string }[] {
  const source = readFileSync(file, "utf8");
  if (!source.includes("satisfies OptionRules<")) return [];
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
  const docs = new Map<string, string>();
  const found: { option: string; usual: string; docs: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node))
      for (const member of node.members)
        docs.set(
          `${node.name.text}.${member.name?.getText()}`,
          ts
            .getJSDocCommentsAndTags(member)
            .map((each) => each.getText())
            .join(" "),
        );
    if (
      ts.isSatisfiesExpression(node) &&
      ts.isObjectLiteralExpression(node.expression) &&
      node.type.getText().startsWith("OptionRules<")
    )
      for (const row of node.expression.properties) {
        if (!ts.isPropertyAssignment(row) || !ts.isArrayLiteralExpression(row.initializer)) continue;
        const usual = row.initializer.elements[1];
        const name = node.type.getText().replace(/^OptionRules<(\w+).*$/, "$1");
        const text = docs.get(`${name}.${row.name.getText()}`);
        const isLiteral = usual && (ts.isLiteralExpression(usual) || /^(true|false)$/.test(usual.getText()));
        if (text !== undefined && isLiteral)
          found.push({ option: `${name}.${row.name.getText()}`, usual: usual.getText(), docs: text });
      }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

it("every default is the one that the option's docs name", () => {
  const src = fileURLToPath(new URL("../src/", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const all = files.flatMap((name) => defaultsIn(src + name));
  const plain = (value: string): string => {
    const bare = value.replaceAll(/[`"_,]/g, "");
    return bare !== "" && Number.isFinite(Number(bare)) ? String(Number(bare)) : bare;
  };
  const wrong = all.filter(({ usual, docs }) => {
    const named = /(?:Default|@defaultValue) (`[^`]+`|"[^"]+"|[^\s;:]+)/
      .exec(docs.replaceAll(/\s*\n\s*\* ?/g, " "))?.[1]
      .replace(/[.,]$/, "");
    return plain(named ?? "") !== plain(usual);
  });
  expect(wrong).toEqual([]);
  expect(all.length).toBeGreaterThan(50);
});
