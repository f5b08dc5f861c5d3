/**
 * The folders of trials, one each, with parameters, results and the program's output. This file starts no
 * program.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonTrial } from "../../report/json.js";
import type { Params } from "../../search/space/space.js";
import { isThere, readJson } from "../files.js";
import { fateOf, type Mark, markOf } from "../liveness.js";
import { writeWhole, writing } from "../output.js";
import { sendToGroup } from "./process.js";

/** The folder within a study's folder that contains them. */
export const TRIALS_FOLDER = "trials";
export const PARAMS_FILE = "params.json";

/** Exists while a program runs. */
const MARK_FILE = "process.json";

/** A file that grows while a program runs. */
export interface Log {
  add(piece: Uint8Array): void;
  close(): void;
}

/** See the head of this file. */
export class TrialFolders {
  private constructor(
    private readonly root: string,
    private readonly isKept: boolean,
  ) {}

  /** @param out - the folder of the study; without it, a folder is removed once its trial has ended */
  static open(out: string | undefined): TrialFolders {
    if (out !== undefined) return new TrialFolders(resolve(out, TRIALS_FOLDER), true);
    const root = writing(tmpdir(), (path) => mkdtempSync(join(path, "fettle-")));
    return new TrialFolders(root, false);
  }

  /** Removes those of a replaced study. */
  clear(): void {
    writing(this.root, (path) => rmSync(path, { recursive: true, force: true }));
  }

  /** The folder of a trial that starts, or starts again, with its parameters. @throws WriteError */
  async begin(number: number, params: Params): Promise<string> {
    const folder = this.of(number);
    await endLeftover(folder);
    writing(folder, (path) => {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, PARAMS_FILE), `${JSON.stringify(params, null, 2)}\n`);
    });
    return folder;
  }

  /** Records which process runs a trial, in case the study is killed and the process is not. */
  mark(folder: string, pid: number): void {
    if (!this.isKept) return;
    writing(join(folder, MARK_FILE), (path) => writeFileSync(path, JSON.stringify(markOf(pid))));
  }

  /** @returns undefined if nothing is kept */
  log(folder: string, name: "stdout" | "stderr"): Log | undefined {
    if (!this.isKept) return undefined;
    const path = join(folder, `${name}.txt`);
    const file = writing(path, () => openSync(path, "w"));
    return {
      // writeSync may write a part only
      add: (piece) => writing(path, () => writeFileSync(file, piece)),
      close: () => closeSync(file),
    };
  }

  /** A trial whose program has ended. */
  end(folder: string): void {
    if (this.isKept) rmSync(join(folder, MARK_FILE), { force: true });
    else rmSync(folder, { recursive: true, force: true });
  }

  /** Writes the result of a trial. @throws WriteError */
  writeResult(trial: JsonTrial): void {
    if (this.isKept)
      writeWhole(join(this.of(trial.number), "result.json"), `${JSON.stringify(trial, null, 2)}\n`);
  }

  /** The folder of a trial, if it is kept after the trial. */
  of(number: number): string {
    return join(this.root, String(number));
  }

  /** Removes a folder that is not kept. */
  close(): void {
    if (!this.isKept) this.clear();
  }
}

/** Milliseconds between two checks whether a killed program has ended, and the number of checks. */
const [LOOK, LOOKS] = [10, 500];

/**
 * Ends a trial's program that a killed study left running, and waits for its end, since it may write until
 * then.
 */
async function endLeftover(folder: string): Promise<void> {
  const path = join(folder, MARK_FILE);
  if (!isThere(path)) return;
  const mark = readJson(path) as Mark;
  if (fateOf(mark) === "running") sendToGroup(mark.pid, "SIGKILL");
  for (let look = 0; look < LOOKS && fateOf(mark) === "running"; look++) await sleep(LOOK);
}
