/** A process that serves studies, and a client of it. Needs `dist/`. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { StudyStatus } from "../../../src/serve/record.js";

const program = fileURLToPath(new URL("studies.mjs", import.meta.url));
const headers = { authorization: "Bearer 0123456789abcdef" };

/** What a study is started with. */
export interface Settings {
  readonly trials: number;
  readonly epochs: number;
  readonly units: number;
  readonly strategy: "tpe" | "random";
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

interface Report {
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly errors: readonly string[];
}

export class StudyProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** Whether the process is alive. */
  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  private get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * @param options - of `serveStudies`, as JSON
   * @param shell - what runs the program, as `ulimit -f 100; exec "$@"`; by default nothing
   */
  static async start(
    store: "memory" | "synchronous" | "file",
    folder = "",
    options: object = {},
    shell?: string,
  ): Promise<StudyProcess> {
    const words = [process.execPath, "--expose-gc", program, store, folder, JSON.stringify(options)];
    const [command, ...rest] = shell === undefined ? words : ["/bin/sh", "-c", shell, "sh", ...words];
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return new StudyProcess(child, Number(/port (\d+)/.exec(String(line))?.[1]));
  }

  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const exit = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exit;
  }

  /** @param words - method and path below /studies/, as `GET a/trials` */
  async ask<T = StudyStatus>(words: string, body?: unknown): Promise<Answer<T>> {
    const [method, path] = words.split(" ");
    const response = await fetch(`${this.origin}/studies/${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text && JSON.parse(text)) as T };
  }

  /** The answer, if it is not a refusal. */
  async read<T = StudyStatus>(words: string, body?: unknown): Promise<T> {
    const answer = await this.ask<T>(words, body);
    if (answer.status >= 300) throw new Error(`${words}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** The status once it is no longer running. */
  async ended(id: string): Promise<StudyStatus> {
    for (;;) {
      const status = await this.read(`GET ${id}`);
      if (status.phase !== "running") return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** A digest of the trials, without their times, and of the result of a study that is done. */
  async digest(id: string): Promise<string> {
    const trials = await this.read<{ seconds?: number }[]>(`GET ${id}/trials`);
    const result = await this.read<object>(`GET ${id}/result`);
    const untimed = trials.map(({ seconds: _, ...trial }) => trial);
    return createHash("sha256")
      .update(JSON.stringify([untimed, result]))
      .digest("hex");
  }

  /** Bytes in use after a collection of garbage, and what errors clients were not told. */
  async memory(): Promise<Report> {
    return (await (await fetch(`${this.origin}/memory`)).json()) as Report;
  }
}
