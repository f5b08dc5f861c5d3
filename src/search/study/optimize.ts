/**
 * The loop over a study's `ask` and `tell`: runs an objective for trial after trial, several in parallel if
 * requested. It uses no threads: an objective may send its trial to another thread or machine. Clocks only
 * end it, and only if requested.
 */
import { check, checkSignal, must } from "../../errors.js";
import { copyOptions } from "../../options.js";
import { Turns } from "../../platform/turns.js";
import { func, integer, type OptionRules, readOptions } from "../../rules.js";
import type { ParamsOf, Space } from "../space/space.js";
import type { BestTrial, TrialRecord } from "../trial/trial.js";
import type { Objective, OptimizeOptions, StopReason, Study } from "./contract.js";
import { checkLimits, LoopControl } from "./control.js";
import type { Ledger } from "./ledger.js";
import { createRungs } from "./rungs.js";
import { runTrial, type TrialSetting } from "./runTrial.js";
import { Slots } from "./slots.js";
import { checkStopRules, stopReason } from "./stopping.js";

/** See `Study.optimize`. @param ledger - the study's trials */
export async function optimize<S extends Space>(
  study: Study<S>,
  objective: Objective<S>,
  given: OptimizeOptions<S>,
  ledger: Ledger,
): Promise<void> {
  const own = copyOptions(given, "optimize", undefined, ["signal", "scheduler", "ending"]);
  const options = readOptions(own, "optimize", OPTIMIZE_RULES);
  checkOptimize(study, objective, options);
  const loop = new Loop(study, objective, options, ledger);
  running.set(study, loop);
  try {
    await loop.run();
  } finally {
    running.delete(study);
  }
}

/** The running loop of each study. */
const running = new WeakMap<object, Pick<Loop<never>, "stop" | "pause" | "resume">>();

/** See `Study.stop`, `Study.pause` and `Study.resume`. */
export const stop = (study: object): void => running.get(study)?.stop();
export const pause = (study: object): void => running.get(study)?.pause();
export const resume = (study: object): void => running.get(study)?.resume();

const OPTIMIZE_RULES = {
  trials: [integer()],
  concurrency: [integer(), 1],
  onEvent: func(),
  signal: true,
  stop: true,
  scheduler: true,
  steps: true,
  timeout: true,
  trialTimeout: true,
  clock: func(),
  ending: true,
} satisfies OptionRules<OptimizeOptions>;

function checkOptimize<S extends Space>(
  study: Study<S>,
  objective: Objective<S>,
  options: OptimizeOptions<S>,
): void {
  const { signal, stop } = options;
  if (stop !== undefined) checkStopRules(stop, study.directions.length);
  must(typeof objective === "function", "objective", "a function of parameters", objective);
  checkLimits(options);
  checkSignal(signal);
}

/** One call of `optimize`. */
class Loop<S extends Space> {
  private readonly setting: TrialSetting<S>;
  /** What the rules know about the first trials. */
  private readonly ruled: (count: number) => readonly TrialRecord[];
  /** Whether the strategy has nothing left to suggest. */
  private exhausted = false;
  /** The rule that ended the search. */
  private met: StopReason | "stopped" | "timeout" | undefined;
  /** Set while no trial may start. */
  private paused: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  constructor(
    private readonly study: Study<S>,
    objective: Objective<S>,
    private readonly options: OptimizeOptions<S>,
    private readonly ledger: Ledger,
  ) {
    const { scheduler, steps, stop, concurrency = 1 } = options;
    const rungs =
      scheduler === undefined
        ? undefined
        : createRungs(scheduler, steps, study as unknown as Study, ledger, stop !== undefined);
    this.ruled = ledger.view();
    const [slots, before] = [new Slots(concurrency), ledger.finishedInRow];
    const control = new LoopControl<S>(
      options,
      () => this.resume(),
      () => rungs === undefined || (options.ending !== undefined && this.settled > before),
    );
    this.setting = { study, ledger, objective, steps, rungs, slots, control, turns: new Turns() };
  }

  stop(): void {
    this.met ??= "stopped";
    this.resume();
  }

  pause(): void {
    if (this.paused || this.met) return;
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.paused = { over, end };
  }

  resume(): void {
    this.paused?.end();
    this.paused = undefined;
  }

  async run(): Promise<void> {
    const { control } = this.setting;
    try {
      await this.runTrials();
      await control.told;
    } finally {
      control.close();
    }
    if (control.failure) throw control.failure.error;
  }

  private async runTrials(): Promise<void> {
    const { study } = this;
    const { slots, control } = this.setting;
    const { trials, timeout, ending } = this.options;
    const limit = timeout === undefined ? {} : { timeout };
    control.emit({ type: "studyStarted", study, trials, finished: this.ledger.records.length, ...limit });
    for (;;) {
      const change = slots.nextChange();
      while (this.wantsMore() && slots.hasRoom && !this.paused && this.canStart())
        control.guard(() => this.start());
      slots.decide((number) => this.decisionOn(number));
      slots.resume();
      const pause = this.wantsMore() ? this.paused : undefined;
      if (slots.isEmpty && !pause) break;
      check(slots.isBusy || pause, "all trials wait for each other, and no other can start", "internal");
      await (pause ? Promise.race([change, pause.over]) : change);
    }
    const reason = this.endReason();
    // a search whose time ran out between trials has none to drop
    if (ending && reason === "timeout" && control.stopReason === reason) this.ledger.withdraw(this.settled);
    control.emit({
      type: "studyEnded",
      reason,
      best: this.ledger.best as BestTrial<ParamsOf<S>> | undefined,
    });
  }

  private start(): void {
    const { slots, control } = this.setting;
    const trial = this.study.ask();
    if (trial === undefined) {
      this.exhausted = true;
      return;
    }
    const given = this.ledger.isGiven(trial.number) && { given: true as const };
    control.emit({ type: "trialStarted", trial, ...given });
    slots.start(trial.number, () => runTrial(trial, this.setting).catch((error) => control.fail(error)));
  }

  private wantsMore(): boolean {
    const { control } = this.setting;
    if (control.isLateForTrial) this.met ??= "timeout";
    if (control.isAborted || this.exhausted || this.met) return false;
    return this.study.waiting > 0 || this.study.asked < this.options.trials;
  }

  /**
   * Whether the strategy and the rules have seen enough for the next trial to start; the rules may end the
   * search instead.
   */
  private canStart(): boolean {
    // if no running trial can make asking possible, `ask` throws the reason
    if (!this.study.canAsk() && !this.setting.slots.isEmpty) return false;
    const { stop } = this.options;
    if (stop === undefined || this.study.waiting > 0) return true;
    const count = Math.max(0, this.study.asked - this.study.lag);
    if (this.ledger.finishedInRow < count) return false;
    this.met = stopReason(this.ruled(count), stop, this.study.direction);
    return this.met === undefined;
  }

  /** Whether a waiting trial is promoted; undefined until that is decided. */
  private decisionOn(number: number): boolean | undefined {
    const { rungs, control } = this.setting;
    if (control.isAborted) return false; // so that nothing waits
    const bound = this.wantsMore() ? Number.POSITIVE_INFINITY : this.study.asked;
    const promoted = control.guard(() => rungs?.promotes(number, bound));
    return control.failure ? false : promoted;
  }

  /**
   * How many trials, from the first, have finished and depend on no others: the loop may end with these when
   * its time runs out.
   */
  private get settled(): number {
    const { ledger, setting } = this;
    return setting.rungs?.settled(ledger.finishedInRow) ?? ledger.finishedInRow;
  }

  private endReason() {
    return this.setting.control.stopReason ?? (this.exhausted ? "exhausted" : (this.met ?? "budget"));
  }
}
