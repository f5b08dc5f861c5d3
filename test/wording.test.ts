/**
 * Rules of the English in this repository that a program can check: one wording for refusals, and no phrase
 * that needs a second reading.
 */
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

/**
 * Strings and templates of a source file, each with its line; in a template, `${}` stands for what is put in.
 */
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

/** Classes of phrases that the pages no longer have: what a reader reads twice, and what to write instead. */
const PAGES: readonly (readonly [RegExp, string])[] = [
  [/\b(go|goes|going|gone) on\b(?! (the|a) )/i, "resumes, continues"],
  [
    /\b(is|are|was|were) of (class|quantit|two|several|many|the|a|one|this|that|these|those|its|all)/i,
    "means, has, comes from, refers to",
  ],
  [/\b(is|are|was|were|be|been) (said|taken for)\b|, (and )?(said|told)\b/i, "is reported, is assumed to be"],
  [/\b(is|are|was|were) told (of|by|why|what|that|how|when|whether|the|it)\b/i, "receives, is notified of"],
  [/\bwhat is no(ne)?\b|\b(none|nothing) of \w+ing\b|\bwho(se)? has none\b/i, "otherwise, contains no …"],
  [/\bbeside\b/i, "compared with, next to, in addition to"],
  [
    /\b(anew|begun|foretell\w*|dear|dearer|mend|mends|mended|mending)\b/i,
    "again, started, predict, expensive, fix",
  ],
  [/\bwhole\b(?! (number|pixel|amount|second|minute|hour|day))/i, "entire, complete"],
  [/\bbut for\b/i, "except"],
  [/\bin case that\b/i, "if"],
  [/\bwhat (becomes|is made) of\b/i, "the result of, how … is treated"],
  [/\btime (is|was) over\b/i, "time ran out"],
  [/\bsigns? of life\b/i, "heartbeat"],
  [/\bwhatever has\b/i, "any object with"],
  [/\b(do|does|doing|did) (its|their|the|his) jobs?\b/i, "runs its jobs"],
];

/** Further classes that comments and messages no longer have. */
const SOURCES: readonly (readonly [RegExp, string])[] = [
  ...PAGES,
  [/\b(undefined|none|empty|null|nothing) where (there|none|it|that|no|they)\b/i, "undefined if, without"],
  [/\bbusiness of\b/i, "the file that decides"],
  [/\bto the( same)? bits?\b/i, "exactly, bit for bit, with the same bits"],
  [/\btold apart\b|\btells? \w+ apart\b/i, "distinguished"],
  [/\bwithout trust\b|\bgives? (it|them|(the|their) \w+) no meaning\b/i, "checks, does not interpret"],
  [/\bmade unless\b|\bunless it (is there|exists)\b/i, "is created if it does not exist"],
  [/\bin words\b(?! of)|\bas (people|pictures|commander) reads?\b/i, "as text, the message for"],
];

/** Folders of `src` whose comments and messages have none of these classes. */
const PLAIN = [
  ...["benchmark", "cli", "cloudflare", "dashboard", "model", "platform", "predict", "report", "serve"],
  ...["store", "testing", "workers"],
];

/** The comments and the texts of a source file by line, without spans of code. */
function wordsOf(path: string): { readonly text: string; readonly line: number }[] {
  const comments = read(path)
    .split("\n")
    .map((text, i) => ({
      text: /^\s*(\*|\/\*\*|\/\/) .*|(?<=[;{,] )\/\/ .*$/.exec(text)?.[0] ?? "",
      line: i + 1,
    }));
  const texts = textsOf(path).filter(({ text }) => text.includes(" ") && !text.includes("=>"));
  return [...comments, ...texts].map(({ text, line }) => ({ text: text.replaceAll(/`[^`]*`/g, "…"), line }));
}

/** A page without its blocks of code and its spans of it, which quote what programs print. */
const proseOf = (text: string): string[] =>
  text
    .replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ""))
    .replaceAll(/`[^`]*`/g, (span) => span.replaceAll(/[^\n]/g, "…"))
    .split("\n");

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

  it("has none of them on the pages, by class", () => {
    const paths = [
      ...filesBelow("docs", /\.md$/),
      ...filesBelow("examples", /\.md$/).filter((path) => !path.includes("node_modules")),
      ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
    ];
    const wrong = paths.flatMap((path) =>
      proseOf(read(path)).flatMap((line, i) =>
        PAGES.filter(([phrase]) => phrase.test(line)).map(
          ([phrase, instead]) => `${path}:${i + 1} ${phrase.exec(line)?.[0]} → ${instead}`,
        ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it.each(PLAIN)("has none of them in the comments and messages of src/%s, by class", (folder) => {
    const wrong = filesBelow(`src/${folder}`, /\.ts$/).flatMap((path) =>
      wordsOf(path).flatMap(({ text, line }) =>
        SOURCES.filter(([phrase]) => phrase.test(text)).map(
          ([phrase, instead]) => `${path}:${line} ${phrase.exec(text)?.[0]} → ${instead}`,
        ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it.each([
    ["undefined where there is none", "undefined if"],
    ["the same, to the bit", "exactly"],
    ["a file, which is made unless it exists", "is created"],
    ["errors that are told apart", "distinguished"],
  ])("refuses in sources: %s", (sentence, instead) => {
    const found = SOURCES.filter(([phrase]) => phrase.test(sentence)).map(([, words]) => words);
    expect(found.join("; ")).toContain(instead);
  });

  it.each([
    ["a study can be gone on with", "resumes"],
    ["a target of words is of classes", "means"],
    ["they are left out, and said", "is reported"],
    ["the client is told why", "receives"],
    ["undefined for what is none", "otherwise"],
    ["it has nothing of training in it", "otherwise"],
    ["others beside them are ignored", "compared with"],
    ["a study is begun anew", "again"],
    ["the whole space", "entire"],
  ])("refuses: %s", (sentence, instead) => {
    const found = PAGES.filter(([phrase]) => phrase.test(sentence)).map(([, words]) => words);
    expect(found.join("; ")).toContain(instead);
  });

  it.each(["a whole number of whole pixels", "it goes on the disk", "a value of use", "he told a story"])(
    "allows: %s",
    (sentence) => {
      expect(PAGES.filter(([phrase]) => phrase.test(sentence))).toEqual([]);
    },
  );
});

/** Folders whose strings and comments have none of the phrases of the pages either, nor these. */
const OTHER_FOLDERS =
  /^(src\/[^/]+|src\/(tune|search|data|metrics|nn|optim|graph|compile|engine|autograd|ops|numerics)\/.+|kernels\/.+)\.ts$/;
const OF_SOURCES: readonly (readonly [RegExp, string])[] = [
  ...PAGES,
  [/\bto the( same)? bits?\b/i, "bit for bit, with the same bits"],
  [/\bthe head of this file\b/i, "header"],
  [
    /\b(is|are) no (number|id|image|stack|category|matrix|sequence|integer|metric)s?\b/i,
    "is not a, is invalid",
  ],
  [/\bbut those (of|that)\b|\bin place of it\b|\ba clock of the caller's\b/i, "except"],
  [/\bundefined (of|for what)\b/i, "otherwise undefined"],
  [/\blooks? at (it|them|the clock)\b|\b(is|are) looked at\b/i, "reads, checks"],
  [/\bwhat (it|a \w+|the \w+|users?) (was|were|is) (given|told)\b/i, "the argument of, receives"],
];

/** The comments of a source file without spans of code, by line; those after code too. */
const commentsOf = (path: string): { readonly text: string; readonly line: number }[] =>
  read(path)
    .split("\n")
    .flatMap((code, i) => {
      const [, text] = /(?:^\s*(?:\/\*\*|\*|\/\/)|[;,{})\]]\s*\/\/)(.*)$/.exec(code) ?? [];
      return text === undefined ? [] : [{ text: text.replaceAll(/`[^`]*`/g, "…"), line: i + 1 }];
    });

describe("strings and comments", () => {
  it("have none of these phrases, by class", () => {
    const paths = [...filesBelow("src", /\.ts$/), ...filesBelow("kernels", /\.ts$/)].filter((path) =>
      OTHER_FOLDERS.test(path),
    );
    const wrong = paths.flatMap((path) =>
      [...commentsOf(path), ...textsOf(path).filter(({ text }) => text.includes(" "))].flatMap(
        ({ text, line }) =>
          OF_SOURCES.filter(([phrase]) => phrase.test(text)).map(
            ([phrase, instead]) => `${path}:${line} ${phrase.exec(text)?.[0]} → ${instead}`,
          ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it.each([
    ["results are the same to the bit", "bit for bit"],
    ["undefined of other models", "undefined"],
    ["an element that is no number", "invalid"],
    ["what a step is given", "argument"],
  ])("refuses: %s", (sentence, instead) => {
    const found = OF_SOURCES.filter(([phrase]) => phrase.test(sentence)).map(([, words]) => words);
    expect(found.join("; ")).toContain(instead);
  });
});
