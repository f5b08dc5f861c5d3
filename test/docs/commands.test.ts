/**
 * Every command on README and the other pages, in blocks and in the text, and in the help of the command
 * line: it exists, with the options that it is given.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, it } from "vitest";
import { blocks, pages, root } from "./blocks.js";
import { checkFettle, checkPaths, program } from "./checkFettle.js";

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Commands of others, which are not checked. */
const FOREIGN = /^(curl|echo|cp|cd|\.|openssl)$/;
const NPM = ["ci", "install", "start", "test", "run"];
const WRANGLER = /^(dev|deploy|secret put|queues create|d1 create)\b/;

interface Use {
  readonly place: string;
  readonly command: string;
}

/** What help shows after the options of a command, one example a line. */
const examplesOf = (command: Command): string[] => {
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return (
    help
      .match(/^Examples?:\n((?: {2}.*\n)+)/m)?.[1]
      .trimEnd()
      .split("\n") ?? []
  );
};
const helps = program.commands.map((command) => [command.name(), examplesOf(command)] as const);

const uses: readonly Use[] = [
  ...helps.flatMap(([name, lines]) =>
    lines
      .flatMap(commandsIn)
      .filter((command) => command.startsWith("fettle "))
      .map((command) => ({ place: `${name} --help`, command })),
  ),
  ...blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ page, line, code }) =>
      code
        .split("\n")
        .flatMap((text, i) =>
          commandsIn(text).map((command) => ({ place: `${page}:${line + 1 + i}`, command })),
        ),
    ),
  // in the text, between backticks
  ...pages.flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8").replace(/^```[\s\S]*?^```$/gm, "");
    const spans = [...text.matchAll(/`((?:npx fettle|fettle|npm (?:run|start|test|ci))(?: [^`]*)?)`/g)];
    return spans.map(([, command]) => ({ place: page, command: command.replace(/\s+/g, " ") }));
  }),
].filter(({ command }) => !/^fettle(\/| \d|$)/.test(command)); // the package, or its version

/** The commands of a line, without its comment, variables and files of output. */
function commandsIn(line: string): string[] {
  const parts = line.replace(/(^|\s)#.*$|\s> \S+/g, "").split(/&&|\|\|?|;/);
  return parts.map((part) => part.trim().replace(/^([A-Z_]+=\S+ )+/, "")).filter((part) => part !== "");
}

it("help shows examples of each command", () => {
  expect(helps.filter(([, lines]) => lines.length === 0)).toEqual([]);
});

it("finds commands in blocks and in the text", () => {
  const commands = uses.map(({ command }) => command);
  expect(commands).toContain("npx fettle tune --help");
  expect(commands).toContain("npm run test:runtimes");
});

it.each(uses.map(({ place, command }) => [place, command] as const))("%s: %s", (_, command) => {
  const [name = "", ...words] = command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  if (FOREIGN.test(name)) return;
  if (name === "npm") checkNpm(words);
  else if (name === "fettle") checkFettle(words);
  else if (name === "npx" && words[0] === "fettle") checkFettle(words.slice(1));
  else if (name === "npx" && words[0] === "wrangler") expect(words.slice(1).join(" ")).toMatch(WRANGLER);
  else if (name === "npx" && words[0] === "vitest") checkPaths(words.slice(1));
  else throw new Error(`"${command}" is of no kind that this test knows; say here how to check it`);
});

function checkNpm([verb, ...words]: readonly string[]): void {
  expect(NPM).toContain(verb);
  const script = verb === "run" ? words[0] : verb;
  if (verb === "run" || verb === "start" || verb === "test") expect(Object.keys(scripts)).toContain(script);
  if (script === "example") checkPaths(words.slice(1));
  if (script === "start" && words[0] === "--") checkFettle(words.slice(1));
  if (script === "benchmark:optimizers")
    checkFettle(["benchmark", ...words.slice(words[1] === "--" ? 2 : 1)]);
}
