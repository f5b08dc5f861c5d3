/** Rules of the English in this repository that a program can check: one wording for refusals, and no phrase that needs a second reading. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

const filesBelow = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => ending.test(path));

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Strings and templates of a source file, each with its line; in a template, `${}` stands for what is put in. */
function textsOf(path: string): { readonly text: string; readonly line: number }[] {
  const tree = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022);
  const found: { text: string; line: number }[] = [];
  const add = (node: ts.Node, text: string): void => {
    found.push({ text, line: tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1 });
  };
  const walk = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) add(node, node.text);
    else if (ts.isTemplateExpression(node)) {
      add(node, node.head.text + node.templateSpans.map(({ literal }) => `\${}${literal.text}`).join(""));
    }
    ts.forEachChild(node, walk);
  };
  walk(tree);
  return found;
}

/** What a native reader stumbles over, and what to write instead. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\b(that|which) (is|are) none\b/i, "invalid"],
  [/\bof one's own\b/i, "custom"],
  [/\bwhat (came|comes|will come|had come) of\b/i, "the result of"],
  [/\b(whoever|whosoever)\b/i, "the caller, the backend, …"],
  [/\bcomes? to the same\b/i, "is equivalent"],
  [/\b(takes?|taken) \w+ as they (came|come|were given)\b/i, "accepts raw …"],
  [/\btrials? (that (is|are) )?at work\b/i, "running trials"],
  [/\b(goes|go|going|went|gone) on from (bytes|a checkpoint)\b/i, "resumes from"],
  [/\bdoes without\b/i, "ignores"],
  [/\bthat (is|are) dear\b/i, "expensive"],
  [/\bleave work out\b/i, "skip work"],
  [/\bhas not nothing\b/i, "has nothing"],
];

describe("refusals", () => {
  it('say "<name> must be <rule>; received <value>"', () => {
    const wrong = filesBelow("src", /\.ts$/).flatMap((path) =>
      textsOf(path)
        .filter(({ text }) => /\bgot\b/.test(text) || /(?<!; |: |^)\breceived \$\{\}/.test(text))
        .map(({ text, line }) => `${path}:${line} ${text}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("prose", () => {
  it("has none of the phrases that need a second reading", () => {
    const paths = [
      ...filesBelow("src", /\.ts$/),
      ...filesBelow("kernels", /\.ts$/),
      ...filesBelow("examples", /\.(ts|js|md|html)$/),
      ...filesBelow("docs", /\.md$/),
      ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
    ];
    const wrong = paths.flatMap((path) =>
      read(path)
        .split("\n")
        .flatMap((line, i) =>
          PHRASES.filter(([phrase]) => phrase.test(line)).map(
            ([phrase, instead]) => `${path}:${i + 1} ${phrase.exec(line)?.[0]} → ${instead}`,
          ),
        ),
    );
    expect(wrong).toEqual([]);
  });
});
