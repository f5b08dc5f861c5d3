/** Runs the built command line as a user would, and makes small tables for it. Not a test itself. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "bin/fettle.js");

/** What to clean up after the tests of the file; they may run side by side. */
const leftovers: (() => void)[] = [];
afterAll(() => {
  for (const clear of leftovers.splice(0)) clear();
});

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
  /** In addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `fettle` with standard output and error as pipes, so neither is a terminal. */
export function start(words: readonly string[], cwd: string, { stdin, env }: Surroundings = {}): Running {
  const child = spawn(process.execPath, [bin, ...words], {
    cwd,
    env: { ...process.env, ...env },
    stdio: "pipe",
  });
  leftovers.push(() => child.kill("SIGKILL"));
  child.stdin.end(stdin);
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

export function fettle(words: readonly string[], cwd: string = root, around?: Surroundings): Promise<Ended> {
  return start(words, cwd, around).ended;
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
  const rows = Array.from({ length: 40 }, (_, i) => `${i + 1},${(i * i) % 7},${i < 20 ? "low" : "high"}`);
  return `a,b,y\n${rows.join("\n")}\n`;
}
