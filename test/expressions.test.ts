/**
 * Every regular expression of the sources takes linear time, whatever the text: recheck proves it from the
 * expression, for those of the sources' text and for those that are made while it runs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check } from "recheck";
import ts from "typescript";
import { beforeAll, describe, expect, it, vi } from "vitest";

const src = fileURLToPath(new URL("../src/", import.meta.url));

interface Expression {
  readonly source: string;
  readonly flags: string;
  /** The file below src/. */
  readonly path: string;
}

/** Files that make expressions of parts. */
const MAKERS = ["cli/messages.ts", "data/dates.ts", "data/numbers.ts", "model/export/jsNumbers.ts"];

function inSources(): { written: Expression[]; makers: Set<string> } {
  const written: Expression[] = [];
  const makers = new Set<string>();
  for (const name of readdirSync(src, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const path = name.replaceAll("\\", "/");
    const walk = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf("/");
        written.push({ source: node.text.slice(1, end), flags: node.text.slice(end + 1), path });
      }
      if (ts.isIdentifier(node) && node.text === "RegExp" && !ts.isTypeReferenceNode(node.parent))
        makers.add(path);
      ts.forEachChild(node, walk);
    };
    walk(ts.createSourceFile(path, readFileSync(join(src, name), "utf8"), ts.ScriptTarget.ES2022, true));
  }
  return { written, makers };
}

/** The expressions that those files make, caught as they are made. */
async function madeByMakers(): Promise<Expression[]> {
  const made: Expression[] = [];
  const spied = class extends RegExp {
    constructor(source: string, flags = "") {
      super(source, flags);
      made.push({ source, flags, path: "made" });
    }
  };
  vi.stubGlobal("RegExp", spied);
  try {
    vi.resetModules();
    await import("../src/data/dates.js");
    const { formatsOf } = await import("../src/data/formats.js");
    // each mark between thousands, so that each format has its expression
    for (const cell of [
      "1,234.5",
      "1.234,5",
      "1 234.5",
      "1'234.5",
      "1_234.5",
      "1 234,5",
      "1'234,5",
      "1:30.5",
    ])
      formatsOf([cell]);
    const { patternsOf } = await import("../src/model/export/jsNumbers.js");
    for (const format of [{ unit: "$", scaled: true, group: " " }, { unit: "days" }, { clock: true }])
      patternsOf(format);
    const { inFlags } = await import("../src/cli/messages.js");
    inFlags("testSize must be less", ["testSize"]);
  } finally {
    vi.unstubAllGlobals();
  }
  return made;
}

const { written, makers } = inSources();
let made: Expression[];
beforeAll(async () => {
  made = await madeByMakers();
});

/** A busy machine changes no answer: recheck counts its work besides. */
const UNTIMED = { timeout: null, seedingTimeout: null, incubationTimeout: null, attackTimeout: null };

/** Those that take more than linear time, or of which that is not known, with a text that shows it. */
async function slow(expressions: readonly Expression[]): Promise<string[]> {
  const different = new Map(expressions.map((each) => [`/${each.source}/${each.flags}`, each]));
  const lines: string[] = [];
  for (const [text, { source, flags, path }] of different) {
    // by recheck's own program where the platform has it, else in this process, which takes longer
    const found = await check(source, flags, { ...UNTIMED, randomSeed: 1 });
    if (found.status === "safe") continue; // what it says of linear time, too
    const why =
      found.status === "vulnerable" ? `${found.complexity.type} ${found.attack.pattern}` : "unknown";
    lines.push(`${path} ${text} ${why}`);
  }
  return lines;
}

describe("regular expressions take linear time", { timeout: 300_000 }, () => {
  it("where they are written", async () => {
    expect(written.length).toBeGreaterThan(60);
    expect(await slow(written)).toEqual([]);
  });

  it("where they are made", async () => {
    expect([...makers].sort()).toEqual(MAKERS);
    // 6 of dates, 2 of the parts of a number, 10 formats and 2 of clocks, 4 of exports, 3 of flags
    expect(new Set(made.map(({ source }) => source)).size).toBe(27);
    expect(await slow(made)).toEqual([]);
  });

  it("and one that does not is found", async () => {
    const found = await slow([{ source: "^(\\d+\\.?\\d*)$", flags: "", path: "here" }]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("polynomial");
  });
});
