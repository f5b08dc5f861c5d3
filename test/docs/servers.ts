/** The servers of the pages, as processes: the code is taken from the page as it stands. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { blockWith, root } from "./blocks.js";

export const FETTLE_TOKEN = "a secret of some length";

/** What a server's process does beside the page's code: it says how much memory it has. */
const REPORT = '\nprocess.on("message", () => process.send(process.memoryUsage().rss));\n';

export class PageServer {
  private readonly file: string;
  private process: ChildProcess | undefined;
  private port = 0;

  /** @param folder - the process's current folder, which holds what the code reads and writes */
  constructor(
    page: string,
    private readonly folder: string,
  ) {
    this.file = join(root, `${basename(page, ".md")}-${basename(folder)}-${process.pid}.tmp.mjs`);
    writeFileSync(this.file, blockWith(page, "serveNode(").code + REPORT);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Whether the process is alive. */
  get isAlive(): boolean {
    return this.process?.exitCode === null && this.process.signalCode === null;
  }

  /** @returns its port */
  async start(): Promise<number> {
    const env = { ...process.env, FETTLE_TOKEN, PORT: "0" };
    this.process = spawn(process.execPath, [this.file], {
      cwd: this.folder,
      env,
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const [line] = (await once(this.process.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    this.port = Number(/port (\d+)/.exec(String(line))?.[1]);
    return this.port;
  }

  /** Bytes that the system has given it. */
  async memory(): Promise<number> {
    this.process?.send("memory");
    const [bytes] = (await once(this.process as ChildProcess, "message")) as [number];
    return bytes;
  }

  /** @returns its exit code; null after a kill */
  async end(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number | null> {
    const ended = once(this.process as ChildProcess, "exit");
    this.process?.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }

  /** Removes the file of its code. */
  remove(): void {
    if (this.isAlive) this.process?.kill("SIGKILL");
    rmSync(this.file, { force: true });
  }
}
