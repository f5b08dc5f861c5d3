/**
 * A running program and everything that it starts: a process group, paused, resumed and ended as one. It
 * knows nothing about trials. Windows has no such groups; there only the program itself is ended.
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

/** Milliseconds between two checks whether a group has ended. */
const LOOK = 20;
const HAS_GROUPS = process.platform !== "win32";

/** See the head of this file. */
export class Program {
  /**
   * Resolves once none of its processes runs, though output may still be unread; rejects if it could not be
   * started.
   */
  readonly ended: Promise<Exit>;
  private readonly child: ChildProcess;
  private readonly exited: Promise<Exit>;
  private ending: Promise<void> | undefined;
  private isPaused = false;
  /** Whether its number may now belong to another program. */
  private isOver = false;

  /**
   * @param words - the program and its arguments, which no shell reads
   * @param env - the complete environment
   * @param grace - milliseconds that it has to end by itself when asked to
   */
  constructor(
    [program, ...words]: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv,
    private readonly grace: number,
  ) {
    // its own group, which Ctrl-C does not reach: the study decides when it ends
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

  /** Pauses the program. */
  pause(): void {
    this.isPaused = !this.ending && this.send("SIGSTOP");
  }

  resume(): void {
    if (this.isPaused) this.send("SIGCONT");
    this.isPaused = false;
  }

  /** Asks it to end, and ends it if it does not. */
  stop(): Promise<void> {
    this.ending ??= this.endGroup();
    return this.ending;
  }

  /** Reads nothing more of it. */
  close(): void {
    this.stdout.destroy();
    this.stderr.destroy();
  }

  /** Ends it at once; for use while this process ends. */
  kill(): void {
    this.send("SIGKILL");
  }

  private async toEnd(): Promise<Exit> {
    const exit = await this.exited;
    // its child processes may still write, such as to a log, but an ended trial leaves nothing running
    if (!this.ending && (await this.isLeft())) await this.stop();
    await this.ending;
    this.isOver = true;
    return exit;
  }

  private async endGroup(): Promise<void> {
    this.send("SIGTERM");
    this.send("SIGCONT"); // a paused process receives no other signal
    if (await this.isLeft()) this.send("SIGKILL");
  }

  /** Whether any of its processes still runs after the time to end. */
  private async isLeft(): Promise<boolean> {
    for (let waited = 0; waited < this.grace; waited += LOOK) {
      if (!this.send(0)) return false;
      await sleep(LOOK);
    }
    return this.send(0);
  }

  /** @returns whether any of its processes still runs */
  private send(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.child;
    return pid !== undefined && !this.isOver && sendToGroup(pid, signal);
  }
}

/**
 * Sends a signal to a program and everything that it has started.
 *
 * @param signal - 0 only checks
 * @returns whether any of its processes still runs
 */
export function sendToGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(HAS_GROUPS ? -pid : pid, signal);
  } catch {
    return false;
  }
}
