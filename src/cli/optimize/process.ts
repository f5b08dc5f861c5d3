/**
 * A running program, with all that it starts: a group of processes that is paused, resumed and ended as one. It knows no trial. Windows has no
 * such groups; there the program alone is ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** How a program ended. */
export interface Exit {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Milliseconds between two looks at whether a group has ended. */
const LOOK = 20;
const HAS_GROUPS = process.platform !== "win32";

/** See the head of this file. */
export class Program {
  /** Resolves once nothing of it runs any more, while its output may still be unread; rejects if it could not be started. */
  readonly ended: Promise<Exit>;
  private readonly child: ChildProcess;
  private readonly exited: Promise<Exit>;
  private ending: Promise<void> | undefined;
  private isPaused = false;
  /** Whether its number may be that of another program by now. */
  private isOver = false;

  /**
   * @param words - the program and its arguments, which no shell reads
   * @param env - the whole environment
   * @param grace - milliseconds that it has to end by itself when it is told to
   */
  constructor(
    [program, ...words]: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv,
    private readonly grace: number,
  ) {
    // a group of its own, which Ctrl-C does not reach: the study says when it ends
    this.child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"], detached: HAS_GROUPS });
    this.exited = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    this.ended = this.toEnd();
  }

  /** Its process; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  get stdout(): Readable {
    return this.child.stdout as Readable;
  }

  get stderr(): Readable {
    return this.child.stderr as Readable;
  }

  /** Stops the work, and keeps it in memory. */
  pause(): void {
    this.isPaused = !this.ending && this.send("SIGSTOP");
  }

  resume(): void {
    if (this.isPaused) this.send("SIGCONT");
    this.isPaused = false;
  }

  /** Tells it to end, and ends it where it does not. */
  stop(): Promise<void> {
    this.ending ??= this.endGroup();
    return this.ending;
  }

  /** Reads nothing more of it. */
  close(): void {
    this.stdout.destroy();
    this.stderr.destroy();
  }

  /** Ends it at once, for a process that is ending itself. */
  kill(): void {
    this.send("SIGKILL");
  }

  private async toEnd(): Promise<Exit> {
    const exit = await this.exited;
    // what it started may still write, such as to a log; but a trial that is over leaves nothing behind
    if (!this.ending && (await this.isLeft())) await this.stop();
    await this.ending;
    this.isOver = true;
    return exit;
  }

  private async endGroup(): Promise<void> {
    this.send("SIGTERM");
    this.send("SIGCONT"); // one that is paused hears nothing else
    if (await this.isLeft()) this.send("SIGKILL");
  }

  /** Whether anything of it is left after its time to end. */
  private async isLeft(): Promise<boolean> {
    for (let waited = 0; waited < this.grace; waited += LOOK) {
      if (!this.send(0)) return false;
      await sleep(LOOK);
    }
    return this.send(0);
  }

  /** @returns whether anything of it is left */
  private send(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.child;
    return pid !== undefined && !this.isOver && sendToGroup(pid, signal);
  }
}

/** Sends a signal to a program and all that it has started. @param signal - 0 for none @returns whether anything of it is left */
export function sendToGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(HAS_GROUPS ? -pid : pid, signal);
  } catch {
    return false;
  }
}
