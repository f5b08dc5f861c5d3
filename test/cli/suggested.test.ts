/**
 * Every command and program that an output suggests, run from the output's own text. A command that is to be
 * typed begins with `npx fettle` and ends with its line. The last tests read src/: a suggestion that no
 * output here has, or one that is written otherwise, fails. Needs `dist/`.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/main.js";
import { describeVerification } from "../../src/report/verify.js";
import type { Verification } from "../../src/testing/verify.js";
import { checkFettle } from "../docs/checkFettle.js";
import { fettle, folder, ownProcess, root, smallTable, start } from "./fettle.js";
import { without } from "./without.js";

const { commands } = await createProgram(() => {});

/** Milliseconds for dozens of commands, on a machine that does other work too. */
const MANY_COMMANDS = 240_000;
const SPACE = { x: { type: "float", low: 0, high: 1 } };
const TUNE = "tune data.csv --target y --folds 2 --epochs 2 --trials 2 --jobs 1".split(" ");
/** A program: the square of its parameter. */
const PROGRAM = ["--", process.execPath, "-p", "{x} * {x}"];

/** What was suggested: as it stands in the output, and where it is run. */
interface Suggested {
  readonly text: string;
  readonly cwd: string;
}

/** What stands in place of what a reader knows. */
const KNOWN: Readonly<Record<string, string>> = {
  "<data.csv>": "data.csv",
  "<folder>": "exported",
  "<name>": "'a b'",
  "<file>": "space.json",
};

const sh = promisify(execFile);

/** Runs a line of a shell, with this checkout as the package. @returns its standard output */
async function typed({ text, cwd }: Suggested): Promise<string> {
  const line = text.replace(/<[a-z.]+>/g, (name) => KNOWN[name] ?? name);
  expect(line).not.toContain("<");
  const npx = `npx() { shift; '${process.execPath}' '${join(root, "bin/fettle.js")}' "$@"; }`;
  return (await sh("sh", ["-c", `${npx}\n${line}`], { cwd })).stdout;
}

/** The commands in the lines of an output. */
const commandsIn = (output: string, cwd: string): Suggested[] =>
  [...output.matchAll(/npx fettle .*/g)].map(([text]) => ({ text, cwd }));

/** The blocks of code on a page. */
const blocksOf = (page: string): string[] =>
  [...page.matchAll(/<code>([^<]*)<\/code><\/pre>/g)].map(([, code]) =>
    code.replace(/&(quot|lt|gt|amp|#39);/g, (_, name: string) => ENTITIES[name]),
  );
const ENTITIES: Readonly<Record<string, string>> = { quot: '"', lt: "<", gt: ">", amp: "&", "#39": "'" };

/** The texts of all commands that have been run. */
const ran: string[] = [];

async function runAll(suggested: readonly Suggested[]): Promise<void> {
  expect(suggested.length).toBeGreaterThan(0);
  for (const each of suggested) {
    await typed(each);
    ran.push(each.text);
  }
}

describe("what an output suggests runs as it stands there", () => {
  let cwd: string;
  const output = async (words: readonly string[], code = 0): Promise<string> => {
    const { stdout, stderr, ...ended } = await fettle(words, cwd);
    expect([ended.code, stderr]).toEqual([code, expect.anything()]);
    return `${stdout}\n${stderr}`;
  };
  const suggestedBy = async (words: readonly string[], code = 0): Promise<Suggested[]> =>
    commandsIn(await output(words, code), cwd);

  beforeAll(() => {
    cwd = folder({ "data.csv": smallTable(), "space.json": JSON.stringify(SPACE) });
    mkdirSync(join(cwd, "node_modules"));
    symlinkSync(root, join(cwd, "node_modules/fettle"), "dir");
  });

  it("tune, in a folder and its report", { timeout: MANY_COMMANDS }, async () => {
    const own = await suggestedBy([...TUNE, "--out", "my study"]);
    expect(own.map(({ text }) => text)).toEqual(["npx fettle predict 'my study/model.fettle' <data.csv>"]);
    await runAll(own);
    await runBlocks(readFileSync(join(cwd, "my study/report.html"), "utf8"), 3);
  });

  it("tune, whose time ended it", { timeout: MANY_COMMANDS }, async () => {
    // where other work leaves too little time, nothing is repeated
    const repeated = async (seconds: number): Promise<Suggested[]> => {
      const words = [...TUNE.slice(0, -4), "--seconds", `${seconds}`];
      const found = commandsIn((await ownProcess(words, cwd)).stdout, cwd);
      return found.length > 0 ? found : repeated(4 * seconds);
    };
    await runAll(await repeated(2));
  });

  it("tune, in a storage", { timeout: MANY_COMMANDS }, async () => {
    const own = await suggestedBy([...TUNE, "--storage", "s.db", "--study", "a b"]);
    expect(own).toHaveLength(1);
    await runAll(own);
    expect(existsSync(join(cwd, "exported/model.fettle"))).toBe(true);
    // the report of a folder was asked for, and it is a database
    await runAll(await suggestedBy(["report", "s.db"], 2));
  });

  it("tune that was stopped", { timeout: MANY_COMMANDS }, async () => {
    for (const where of [
      ["--out", "stopped one"],
      ["--storage", "s.db", "--study", "stopped one"],
    ]) {
      const run = start(
        [...TUNE.map((word) => (word === "2" ? "2" : word)), "--trials", "9999", ...where],
        cwd,
      );
      await run.until("9999 trials");
      run.interrupt();
      const { stderr } = await run.ended;
      const [{ text }] = commandsIn(stderr, cwd);
      // what is there is more than enough
      await typed({ text: `${text} --trials 1`, cwd });
      ran.push(text);
    }
  });

  it("optimize and its report", { timeout: MANY_COMMANDS }, async () => {
    const words = ["optimize", "--space", "space.json", "--trials", "2", "--out", "runs", ...PROGRAM];
    const said = await output(words);
    expect(commandsIn(said, cwd)).toEqual([]);
    const [, again] = said.match(/Runs the best trial again: (.*)/)!;
    const { best } = JSON.parse(readFileSync(join(cwd, "runs/summary.json"), "utf8"));
    expect(Number(await typed({ text: again, cwd }))).toBe(best.value);
    await runBlocks(readFileSync(join(cwd, "runs/report.html"), "utf8"), 2);
  });

  it("optimize, in a storage", { timeout: MANY_COMMANDS }, async () => {
    const words = ["optimize", "--space", "space.json", "--trials", "2", "--storage", "s.db", "--study", "p"];
    const own = await suggestedBy([...words, ...PROGRAM]);
    expect(own.map(({ text }) => text)).toEqual([
      "npx fettle studies export --storage s.db --study p --out <folder>",
    ]);
    await runAll(own);
    const exported = JSON.parse(readFileSync(join(cwd, "exported/study.json"), "utf8"));
    expect(exported.trials).toHaveLength(2);
  });

  it("optimize that was stopped", { timeout: MANY_COMMANDS }, async () => {
    const words = ["optimize", "--space", "space.json", "--trials", "9999", "--out", "stopped runs"];
    const run = start([...words, ...PROGRAM], cwd);
    await run.until("9999 trials");
    run.interrupt();
    const [{ text }] = commandsIn((await run.ended).stderr, cwd);
    await typed({ text: `${text} --trials 1`, cwd });
    ran.push(text);
  });

  it("fit, predict, evaluate, inspect, export, verify and studies", { timeout: MANY_COMMANDS }, async () => {
    const model = ["my model.fettle"];
    const fitted = await suggestedBy([..."fit data.csv --target y --epochs 2 --out".split(" "), ...model]);
    expect(fitted).toHaveLength(1);
    await runAll(fitted);
    const quiet = [
      ["predict", ...model, "data.csv"],
      ["evaluate", ...model, "data.csv"],
      ["inspect", ...model],
      ["inspect", "data.csv"],
      ["export", ...model, "--to", "js", "--out", "module"],
      ["verify", "my study/model.fettle", "data.csv"],
      ...["list", "show --study", "best --study", "trials --study"].map((command) => [
        ...["studies", ...command.split(" "), ...(command === "list" ? [] : ["a b"]), "--storage", "s.db"],
      ]),
    ];
    for (const words of quiet) expect(await suggestedBy(words)).toEqual([]);
    await runAll(await suggestedBy(["verify", "my study/model.fettle"], 2));
  });

  it("verify that found a broken law", { timeout: MANY_COMMANDS }, async () => {
    const broken = [{ group: "strategies" as const, part: "stuck", law: "repeats no point", message: "" }];
    const verification: Verification = {
      seed: 3,
      cases: 1,
      complete: true,
      digests: {},
      groups: [{ group: "strategies", parts: 1, laws: 7, cases: 1, worst: null, broken }],
    };
    const paint = { heading: (text: string) => text, faint: (text: string) => text };
    const lines = describeVerification({ verification, seconds: 1 }, 80, paint);
    const own = commandsIn(lines.join("\n"), cwd);
    expect(own).toHaveLength(1);
    await runAll(own);
  });

  it("worker, and tune whose study runs already", { timeout: MANY_COMMANDS }, async () => {
    await runAll(await suggestedBy(["worker", "--storage", "s.db"], 2));
    const queued = [...TUNE, "--storage", "q.db", "--study", "a b", "--queue", "storage", "--jobs", "0"];
    const study = start(queued, cwd);
    await study.until("2 trials");
    const second = await ownProcess(queued, cwd);
    const help = commandsIn(second.stderr, cwd);
    expect(help).toHaveLength(1);
    await runAll(help);
    expect((await study.ended).code).toBe(0);
    const gone = folder({ "data.csv": smallTable() });
    const words = [...TUNE, "--storage", join(cwd, "s.db"), "--study", "moved"];
    expect((await ownProcess(words, gone)).code).toBe(0);
    rmSync(join(gone, "data.csv"));
    await runAll(await suggestedBy(["worker", "--storage", "s.db", "--study", "moved"], 2));
  });

  it("a study without the package that draws", { timeout: MANY_COMMANDS }, async () => {
    const { stdout } = await ownProcess([...TUNE, "--out", "no pictures"], cwd, without("echarts", cwd));
    const [, report] = commandsIn(stdout, cwd);
    await runAll([report]);
    expect(existsSync(join(cwd, "no pictures/report.html"))).toBe(true);
  });

  it("a command line that cannot be read", { timeout: MANY_COMMANDS }, async () => {
    for (const words of [["tune"], ["tune", "--seed"], ["optimize"], ["studies", "--storage", "s.db"]]) {
      const [, asked] = (await output(words, 2)).match(/Run (fettle .*--help) for/)!;
      expect(await typed({ text: `npx ${asked}`, cwd })).toContain("Usage: fettle");
    }
  });

  async function runBlocks(page: string, count: number): Promise<void> {
    const blocks = blocksOf(page);
    expect(blocks).toHaveLength(count);
    for (const code of blocks) {
      if (code.startsWith("import ")) {
        writeFileSync(join(cwd, "predict.mjs"), code);
        await sh(process.execPath, ["predict.mjs"], { cwd });
      } else {
        await typed({ text: code, cwd });
        ran.push(code);
      }
    }
  }
});

/** The texts in the sources that may be printed; what is computed in them is NUL. */
async function printedTexts(): Promise<readonly { readonly place: string; readonly text: string }[]> {
  const files = (await readdir(join(root, "src"), { recursive: true })).filter((file) =>
    /\.tsx?$/.test(file),
  );
  return files.flatMap((file) => {
    const source = readFileSync(join(root, "src", file), "utf8");
    if (!source.includes("fettle ")) return [];
    const found: { place: string; text: string }[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isTemplateExpression(node)) {
        const parts = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
        found.push({ place: file, text: parts.join("\0") });
      }
      const isText =
        ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isJsxText(node);
      if (isText) found.push({ place: file, text: node.text });
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true));
    return found;
  });
}

describe("the sources", () => {
  const names = commands.map((command) => command.name());
  /** A command by its name, with one below it and with flags, but no argument. */
  const MENTION = new RegExp(
    `(?<!npx )\\bfettle ((?:${names.join("|")})\\b(?: (?:list|show|export|import)\\b)?(?: --[a-z-]+)*)(.?.?)`,
    "g",
  );
  /** The name of a lock, which nobody reads. */
  const NO_TEXT = ["store/postgres/claim.ts"];

  it("suggest no command that was not run here", async () => {
    expect(ran.length).toBeGreaterThan(10);
    for (const { place, text } of await printedTexts()) {
      for (const [site] of text.matchAll(/npx fettle.*/g)) {
        // the words come from elsewhere
        if (site === "npx fettle" && place === "cli/repeat.ts") continue;
        const pattern = new RegExp(
          site
            .split("\0")
            .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
            .join(".+"),
        );
        expect(site, place).not.toBe("npx fettle");
        expect(
          ran.some((command) => pattern.test(command)),
          `${place}: ${site} is run by no test`,
        ).toBe(true);
      }
    }
  });

  it("mention commands that exist, without arguments unless they are to be typed", async () => {
    let mentions = 0;
    for (const { place, text } of await printedTexts()) {
      if (NO_TEXT.includes(place)) continue;
      for (const [whole, command, next] of text.replace(/\nExamples?:[\s\S]*/, "").matchAll(MENTION)) {
        mentions++;
        expect(next, `${place}: ${whole} must begin with npx and end its line`).not.toMatch(/^ [\0<'"]/);
        checkFettle(command.endsWith("--help") ? command.split(" ") : flagsOnly(command));
      }
    }
    expect(mentions).toBeGreaterThan(10);
  });

  it("have examples in their help that can be read", async () => {
    let examples = 0;
    const inHelp = async (...words: readonly string[]): Promise<void> => {
      const { stdout } = await fettle([...words, "--help"]);
      const [, text = ""] = stdout.split(/\nExamples?:\n/);
      for (const line of text.replaceAll(/\\\n\s*/g, "").split("\n")) {
        const [, command] = line.match(/^ {2}(?:cat \S+ \| )?fettle (.*)$/) ?? [];
        if (command === undefined) continue;
        examples++;
        checkFettle(command.replace(/ > \S+$/, "").match(/"[^"]*"|'[^']*'|\S+/g) ?? []);
      }
    };
    await inHelp();
    for (const name of names) await inHelp(name);
    expect(examples).toBeGreaterThan(40);
  });

  /** A mention has its flags without their values. */
  function flagsOnly(command: string): string[] {
    const [name, ...words] = command.split(" ");
    const program = commands.find((each) => each.name() === name);
    const below = program?.commands.find((each) => each.name() === words[0]);
    const known = (below ?? program)?.options.map(({ long }) => long) ?? [];
    for (const word of words.slice(below ? 1 : 0)) expect(known, command).toContain(word);
    return [name];
  }
});
