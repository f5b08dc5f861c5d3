/**
 * The objective of `fettle optimize`: a trial is a run of a program. The program gets parameters, its lines
 * become reports and the value, and it ends with its trial. The study decides which trial runs when, and
 * which is pruned.
 */
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { check, FettleError, messageOf, show } from "../../errors.js";
import type { Params } from "../../search/space/space.js";
import type { RunningTrial } from "../../search/study/contract.js";
import { bareReasonOf } from "../fileErrors.js";
import { isThere, readText } from "../files.js";
import { type Places, type ProgramCommand, variablesOfPlaces } from "./command.js";
import { Lines, Tail } from "./lines.js";
import { readFileText, readLine, rule, type Said } from "./output.js";
import { type Exit, Program } from "./process.js";
import { type Log, PARAMS_FILE, type TrialFolders } from "./trialFolder.js";

/**
 * Where the value of a trial comes from: the lines of its standard output, its exit code, or a file in its
 * folder.
 */
export type ValueSource = "last-line" | "exit-code" | { readonly file: string };

/** What all trials share. */
export interface ProgramSettings {
  readonly command: ProgramCommand;
  /** The names of the values, the first for one. */
  readonly metrics: readonly string[];
  readonly source: ValueSource;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number;
  readonly folders: TrialFolders;
}

/** Lines of standard error that a failed trial shows. */
const SHOWN_LINES = 20;

/** Milliseconds after which output of an ended program is no longer read. */
const QUIET = 200;

/** The programs of a study. */
export class Programs {
  private readonly running = new Set<Program>();
  /** Trials with a program, including ended trials. */
  private readonly trials = new Set<Promise<unknown>>();
  /** Ended trials whose programs still run. */
  private readonly ending = new Set<Promise<unknown>>();

  constructor(private readonly settings: ProgramSettings) {}

  /** Runs a trial. @throws FettleError `trial_failed` if it has no value */
  readonly objective = async (params: Params, trial: RunningTrial): Promise<number | readonly number[]> => {
    await this.untilFree(trial);
    check(!trial.aborted, "the trial has ended", "aborted");
    const run = this.run(params, trial);
    this.trials.add(run);
    const over = (): void => void this.ending.add(run);
    trial.signal.addEventListener("abort", over);
    try {
      return oneOrAll(await run);
    } finally {
      trial.signal.removeEventListener("abort", over);
      for (const set of [this.trials, this.ending]) set.delete(run);
    }
  };

  /** Resolves once no program runs. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.trials);
  }

  /** Ends all programs at once. */
  readonly kill = (): void => {
    for (const program of this.running) program.kill();
  };

  /**
   * Waits for programs that are ending, to keep the limit of programs at once. The trial's time excludes this
   * wait.
   */
  private async untilFree({ live }: RunningTrial): Promise<void> {
    if (this.ending.size === 0) return;
    live.pause();
    await Promise.allSettled(this.ending);
    live.resume();
  }

  private async run(params: Params, trial: RunningTrial): Promise<readonly number[]> {
    const { command, folders, grace } = this.settings;
    const folder = await folders.begin(trial.number, params);
    check(!trial.aborted, "the trial has ended", "aborted");
    const places: Places = { folder, params: join(folder, PARAMS_FILE), trial: String(trial.number) };
    const words = command.wordsOf(params, places);
    const env = {
      PYTHONUNBUFFERED: "1", // Python would buffer its output until it ends
      ...process.env,
      ...variablesOfPlaces(places),
      ...command.variablesOf(params),
    };
    const program = new Program(words, env, grace);
    const stop = (): void => void program.stop();
    trial.signal.addEventListener("abort", stop);
    this.running.add(program);
    try {
      if (program.pid !== undefined) folders.mark(folder, program.pid);
      const watched = new Watched(program, trial, this.settings, folder);
      const exit = await watched.toEnd(words[0]);
      return watched.valuesOf(exit);
    } finally {
      trial.signal.removeEventListener("abort", stop);
      program.kill(); // if it was not watched to its end
      this.running.delete(program);
      folders.end(folder);
    }
  }
}

/** A running program, and what it has printed. */
class Watched {
  private readonly errors = new Tail();
  /** The last value that it printed. */
  private said: Said | undefined;
  private lastStep = -1;
  private isPruned = false;
  /** Whether it waits for a decision; meanwhile its output is not read. */
  private waits = false;
  /** When its output was last read. */
  private lastRead = 0;
  /** Why it was ended early. */
  private wrong: unknown;

  constructor(
    private readonly program: Program,
    private readonly trial: RunningTrial,
    private readonly settings: ProgramSettings,
    private readonly folder: string,
  ) {}

  async toEnd(name: string): Promise<Exit> {
    const { program } = this;
    // a reader that fails ends the program, and with it the other reader
    const reading = [this.readOutput(), this.readErrors()].map((each) =>
      each.catch((error: unknown) => {
        this.wrong ??= error;
        return program.stop();
      }),
    );
    let isRead = false;
    const read = Promise.all(reading).then(() => {
      isRead = true;
    });
    const exit = await program.ended.catch((error: unknown) => {
      throw failed(`cannot start ${show(name)}: ${bareReasonOf(error, "read")}`);
    });
    while (!isRead) {
      await Promise.race([read, sleep(QUIET)]);
      await turn(); // the output that has arrived is read first: this process may not have had a turn for that long
      // a process outside its group may hold its output open, and nothing ends that process
      if (!this.waits && performance.now() - this.lastRead > QUIET) program.close();
    }
    return exit;
  }

  /** @throws FettleError `trial_failed` */
  valuesOf({ code, signal }: Exit): readonly number[] {
    const { metrics, source } = this.settings;
    if (this.wrong !== undefined) throw this.failure(messageOf(this.wrong));
    if (this.isPruned && this.said) return this.said.values;
    if (code === null) throw this.failure(`the program was ended by ${signal}`);
    if (source === "exit-code") return [code];
    if (code !== 0) throw this.failure(`the program ended with exit code ${code}`);
    if (source !== "last-line") return this.valuesInFile(source.file);
    if (!this.said) throw this.failure(`the program printed no value: no line is ${rule(metrics)}`);
    return this.said.values;
  }

  private valuesInFile(name: string): readonly number[] {
    const path = join(this.folder, name);
    const { metrics } = this.settings;
    if (!isThere(path))
      throw this.failure(`the program did not write ${show(name)} into the folder of its trial`);
    const said = readFileText(readText(path), metrics);
    if (!said) throw this.failure(`${show(name)} has no value: it must have ${rule(metrics)}`);
    return said.values;
  }

  private failure(what: string): FettleError {
    const tail = this.errors.lines(SHOWN_LINES);
    return failed(tail === "" ? what : `${what}; its standard error ends with:\n${tail}`);
  }

  private async readErrors(): Promise<void> {
    await this.read("stderr", (piece) => this.errors.add(piece));
  }

  private async readOutput(): Promise<void> {
    const lines = new Lines();
    const hear = async (found: Iterable<string>): Promise<void> => {
      for (const line of found) {
        const said = readLine(line, this.settings.metrics);
        // most lines are no results, and nothing waits for them
        if (said) await this.hear(said, line);
      }
    };
    await this.read("stdout", (piece) => hear(lines.add(piece)));
    await hear([lines.end()]);
  }

  /** Reads a stream to its end. The next piece is read only after the last is processed, to save memory. */
  private async read(
    name: "stdout" | "stderr",
    use: (piece: Uint8Array) => void | Promise<void>,
  ): Promise<void> {
    const log: Log | undefined = this.settings.folders.log(this.folder, name);
    try {
      for await (const piece of this.program[name]) {
        this.lastRead = performance.now();
        log?.add(piece as Uint8Array);
        await use(piece as Uint8Array);
      }
    } catch (error) {
      // it was closed, since the program has ended
      if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    } finally {
      log?.close();
    }
  }

  private async hear(said: Said, line: string): Promise<void> {
    if (this.isPruned || this.trial.aborted) return;
    const { step } = said;
    if (step !== undefined) {
      check(
        Number.isSafeInteger(step) && (step as number) > this.lastStep,
        () =>
          `a step must be an integer ${this.lastStep < 0 ? "of at least 0" : `above ${this.lastStep}, the previous one`}; received ${show(step)} in ${show(line)}`,
      );
      this.lastStep = step as number;
    }
    this.said = said;
    if (step !== undefined) await this.report(said.values, step as number);
  }

  /** Reports values to the scheduler, and pauses the program if the decision takes time. */
  private async report(values: readonly number[], step: number): Promise<void> {
    const { program, trial } = this;
    let isDecided = false;
    const decision = trial.report(oneOrAll(values), step).then((goesOn) => {
      isDecided = true;
      return goesOn;
    });
    // the study decides at once if it can
    await Promise.race([decision, turn()]);
    if (!isDecided) program.pause();
    this.waits = true;
    const goesOn = await decision;
    this.waits = false;
    if (goesOn) program.resume();
    else if (!trial.aborted) {
      this.isPruned = true;
      void program.stop();
    }
  }
}

/** The value of a single objective, or the values of several. */
const oneOrAll = (values: readonly number[]): number | readonly number[] =>
  values.length === 1 ? values[0] : values;

const failed = (message: string): FettleError => new FettleError("trial_failed", message);
