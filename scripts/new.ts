/**
 * `npm run new -- <kind> <name>`: makes the files and rows that an addition needs, with tests that fail and say
 * what to fill in. `scripts/new/<kind>.txt` holds them, in sections of one heading each:
 *
 *     === path            a new file
 *     === path << line    a row at the end of what the line opens: a list, a table, a part of a page
 *     === path >> line    a row before that line
 *     === path <<         a row at the end of the file
 *
 * `__name__` is the name, `__Name__` begins with a capital, `__kebab__` is written with hyphens,
 * `__snake__` with underscores.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const templates = new URL("new/", import.meta.url);

/** What can be added. */
export const kinds = readdirSync(templates).map((file) => file.replace(".txt", ""));

/**
 * Makes the files and rows of an addition; nothing is written if one of them does not fit.
 *
 * @param kind - one of `kinds`
 * @param name - in camelCase
 * @param folder - the checkout
 * @returns the files that were made or changed
 */
export function add(kind: string, name: string, folder = root): string[] {
  if (!kinds.includes(kind)) throw new Error(`the kind must be ${kinds.join(", ")}; received ${kind}`);
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) throw new Error(`the name must be in camelCase; received ${name}`);
  const lowercase = (between: string) => name.replace(/[A-Z]/g, (letter) => between + letter.toLowerCase());
  const text = readFileSync(new URL(`${kind}.txt`, templates), "utf8")
    .replaceAll("__name__", name)
    .replaceAll("__Name__", name[0].toUpperCase() + name.slice(1))
    .replaceAll("__snake__", lowercase("_"))
    .replaceAll("__kebab__", lowercase("-"));
  const made = new Map<string, string>();
  for (const section of text.split(/^=== /m).slice(1)) {
    const [, path, how, line, row] = /^(\S+)(?: (<<|>>) ?(.*))?\n([\s\S]*)$/.exec(
      section,
    ) as unknown as string[];
    const file = join(folder, path);
    if (!how && existsSync(file)) throw new Error(`${path} exists`);
    made.set(path, how ? withRow(made.get(path) ?? readFileSync(file, "utf8"), how, line, row, path) : row);
  }
  for (const [path, content] of made) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return [...made.keys()];
}

function withRow(text: string, how: string, line: string, row: string, path: string): string {
  const lines = text.trimEnd().split("\n");
  const at = line ? lines.findIndex((each) => each.trimStart().startsWith(line)) : lines.length;
  if (at === -1) throw new Error(`${path} has no line "${line}"; correct the template`);
  lines.splice(how === ">>" || !line ? at : endOf(lines, at), 0, row.trimEnd());
  return `${lines.join("\n")}\n`;
}

/** Where what a line opens ends: the rows of a table, the text under a heading, or a list in brackets. */
function endOf(lines: readonly string[], at: number): number {
  const after = (from: number, ends: (line: string) => boolean): number => {
    const found = lines.findIndex((line, i) => i > from && ends(line));
    return found === -1 ? lines.length : found;
  };
  if (lines[at].startsWith("|")) return after(at, (line) => !line.startsWith("|"));
  if (lines[at].startsWith("#")) {
    const next = after(at, (line) => line.startsWith("#"));
    return lines[next - 1] === "" ? next - 1 : next;
  }
  const indent = (line: string): number => line.search(/\S/);
  return after(at, (line) => line !== "" && indent(line) <= indent(lines[at]));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [kind = "", name = ""] = process.argv.slice(2);
  try {
    const files = add(kind, name);
    // sorts imports and exports
    spawnSync("npx", ["biome", "check", "--write", ...files], {
      cwd: root,
      shell: process.platform === "win32",
    });
    console.log(
      `${files.map((file) => `  ${file}`).join("\n")}\n\nNow run npm run typecheck, the tests of these files,`,
    );
    console.log("and fill in what they ask for; then npm run api, if the addition is exported.");
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
