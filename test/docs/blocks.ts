/** The code blocks of the repository's pages, and how they run. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transformSync } from "esbuild";
import { cases } from "../cases.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every page that has code, as paths from the root. */
export const pages: readonly string[] = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...["docs", "examples"].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
      .filter((file) => file.endsWith(".md") && !file.includes("node_modules"))
      .map((file) => join(folder, file)),
  ),
].sort();

export interface Block {
  readonly page: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** As written after the fence: `js`, `ts`, `sh`, or "" for output. */
  readonly language: string;
  readonly code: string;
}

export const blocks: readonly Block[] = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language, 2: code }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    language,
    code,
  }));
});

/** The only block of a page whose code contains `part`. */
export function blockWith(page: string, part: string): Block {
  const found = blocks.filter((block) => block.page === page && block.code.includes(part));
  if (found.length !== 1) throw new Error(`${page} must have one block with ${part}; it has ${found.length}`);
  return found[0];
}

/**
 * Runs a block as a module at the root, where `fettle` is the built package, and returns its output. Rejects
 * if the exit code is not 0.
 *
 * @param cwd - the current folder, to which a program's own paths are relative
 */
export async function run({ code, line }: Block, cwd = root): Promise<string> {
  const file = join(root, `block-${process.pid}-${line}.tmp.mjs`);
  if (existsSync(file)) throw new Error(`${file} exists`);
  writeFileSync(file, code);
  try {
    return (await promisify(execFile)(process.execPath, [file], { cwd })).stdout;
  } finally {
    rmSync(file);
  }
}

/**
 * Runs blocks one after another in one process, each as a module at the root, and returns the output of each.
 * That of one that throws is its error, and the blocks after it run too.
 *
 * @throws if the process ends before the last block
 */
export async function runInTurn(several: readonly Block[]): Promise<ReadonlyMap<Block, string>> {
  const files = several.map(({ line }) => join(root, `block-${process.pid}-${line}.tmp.mjs`));
  const first = join(root, `blocks-${process.pid}-${several[0].line}.tmp.mjs`);
  const mark = "\0end of a block\0";
  // laws try as many cases as fast-check is configured for, and those of the library are held to more of them
  // elsewhere
  const program = `import fc from "fast-check";
  fc.configureGlobal({ numRuns: ${cases(100)} });
  for (const file of ${JSON.stringify(files)}) {
    await import(file).catch((error) => console.log(error));
    process.stdout.write(${JSON.stringify(mark)});
  }`;
  for (const [i, { code, language }] of several.entries())
    writeFileSync(files[i], language === "ts" ? transformSync(code, { loader: "ts" }).code : code);
  writeFileSync(first, program);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [first], { cwd: root });
    const outputs = stdout.split(mark);
    if (outputs.length <= several.length) throw new Error(`the blocks end early: ${outputs.at(-1)}`);
    return new Map(several.map((block, i) => [block, outputs[i]]));
  } finally {
    for (const file of [...files, first]) rmSync(file);
  }
}
