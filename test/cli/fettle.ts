/**
 * Runs the built command line, in this process or in one of its own, and makes small tables for it. Not a
 * test itself. Starting a process and warming up its code costs a command 0.15 to 0.9 s, so a process is for
 * what needs one: signals, standard input, what the system does to its streams, and the bits of another
 * process.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { leftovers } from "../leftovers.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "bin/fettle.js");

/** The bundle that `bin/fettle.js` runs; without types, since these are checked before it is built. */
const bundle = "../../dist/node/cli.js";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  interrupt(): void;
  kill(signal: NodeJS.Signals): void;
  /** Closes the reading ends of standard output and error, as a terminal that goes away. */
  hangUp(): void;
  /** Resolves once `text` was written to standard output or error, with all that was. */
  until(text: string): Promise<string>;
}

/** The surroundings of a command. */
export interface Surroundings {
  /** Default: none. */
  readonly stdin?: string;
  /** Whether standard input stays open after that. */
  readonly keepsOpen?: boolean;
  /** In addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `fettle` with standard output and error as pipes, so neither is a terminal. */
export function start(
  words: readonly string[],
  cwd: string,
  { stdin, keepsOpen, env }: Surroundings = {},
): Running {
  const child = spawn(process.execPath, [bin, ...words], {
    cwd,
    env: { ...process.env, ...env },
    stdio: "pipe",
  });
  leftovers.push(() => child.kill("SIGKILL"));
  if (keepsOpen) child.stdin.write(stdin ?? "");
  else child.stdin.end(stdin);
  const output = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      output[name] += chunk;
      for (const watcher of watchers) watcher();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
  return {
    ended,
    interrupt: () => child.kill("SIGINT"),
    kill: (signal) => void child.kill(signal),
    hangUp() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    until: (text) =>
      new Promise((resolve, reject) => {
        const watcher = () => {
          const written = `${output.stdout}\n${output.stderr}`;
          if (!written.includes(text)) return;
          watchers.delete(watcher);
          resolve(written);
        };
        watchers.add(watcher);
        watcher();
        ended.then(() => reject(new Error(`${JSON.stringify(text)} never came: ${JSON.stringify(output)}`)));
      }),
  };
}

/** Runs a command in a process of its own. */
export function ownProcess(
  words: readonly string[],
  cwd: string = root,
  around?: Surroundings,
): Promise<Ended> {
  return start(words, cwd, around).ended;
}

/** The end of the last command in this process. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a command in this process, after those before it: the folder, the variables and the streams are the
 * whole process's. One that reads standard input has a process of its own, where that is empty.
 */
export function fettle(
  words: readonly string[],
  cwd: string = root,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  if (words.includes("-")) return ownProcess(words, cwd, { env });
  const ended = last.then(() => here(words, cwd, env));
  last = ended.catch(() => {});
  return ended;
}

async function here(
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const { main } = (await import(bundle)) as typeof import("../../src/cli/main.js");
  const before = { cwd: process.cwd(), argv: process.argv, env: process.env };
  const streams = { stdout: new FileStream(), stderr: new FileStream() };
  const restore = (["stdout", "stderr"] as const).map((name) => {
    const own = Object.getOwnPropertyDescriptor(process, name) as PropertyDescriptor;
    Object.defineProperty(process, name, { configurable: true, value: streams[name] });
    return () => Object.defineProperty(process, name, own);
  });
  process.chdir(cwd);
  process.argv = [process.execPath, bin, ...words];
  process.env = { ...before.env, ...env };
  try {
    const code = await main(words);
    return { code, stdout: streams.stdout.text(), stderr: streams.stderr.text() };
  } finally {
    process.env = before.env;
    process.argv = before.argv;
    process.chdir(before.cwd);
    for (const each of restore) each();
    for (const stream of Object.values(streams)) stream.remove();
  }
}

/** A stream that is no terminal, with a file behind it, since commands write to descriptors too. */
class FileStream extends Writable {
  private readonly folder = mkdtempSync(join(tmpdir(), "fettle-stream-"));
  private readonly path = join(this.folder, "text");
  readonly fd = openSync(this.path, "a");

  override _write(chunk: Uint8Array, _: string, done: (error?: Error) => void): void {
    for (let written = 0; written < chunk.length; ) written += writeSync(this.fd, chunk, written);
    done();
  }

  text(): string {
    return readFileSync(this.path, "utf8");
  }

  remove(): void {
    closeSync(this.fd);
    rmSync(this.folder, { recursive: true });
  }
}

/** A folder with the given files, gone after the tests. */
export function folder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "fettle-cli-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  leftovers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const listing = (path: string): string[] => readdirSync(path, { recursive: true }).map(String).sort();

/** Two classes, 40 rows: `y` is whether `a` is above 20. */
export function smallTable(): string {
  const rows = Array.from({ length: 40 }, (_, i) => `${2 * i + 2},${(i * i) % 7},${i < 20 ? "low" : "high"}`);
  return `a,b,y\n${rows.join("\n")}\n`;
}
