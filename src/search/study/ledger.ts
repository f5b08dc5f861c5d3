/**
 * The trials of a study: which were asked for, which wait, which are running, and the result of each. It
 * calls no strategy, and trusts its arguments: `open.ts` and `checkpoint.ts` check user input.
 */
import { check, isPlainObject, must, show } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import { SharedList } from "../memo/shared.js";
import type { Params } from "../space/space.js";
import { Front } from "../trial/fronts.js";
import { costVectorOf } from "../trial/pareto.js";
import {
  type BestTrial,
  isBetter,
  makeRecord,
  mayBeBest,
  type Trial,
  type TrialOutcome,
  type TrialRecord,
} from "../trial/trial.js";
import { type StudySettings, streams } from "./suggest.js";

/** A trial in the ledger: finished if it has a record, else waiting or running. */
export interface LedgerEntry {
  readonly params: Params;
  readonly parent?: number;
  readonly record?: TrialRecord;
  /** Set for trials that were enqueued or added, and so did not come from the strategy. */
  readonly given?: true;
}

/** What the ledger knows about its study. */
export type LedgerSettings = Pick<StudySettings, "seed" | "directions" | "clock">;

/** The seed of everything random in a trial, derived from that of its study. */
export function seedOfTrial(seed: number, number: number): number {
  return new RandomStream(seed, streams.trial, number).integer(2 ** 31);
}

/** See the header of this file. */
export class Ledger {
  private readonly entries: LedgerEntry[];
  private readonly allPoints = new SharedList<Params>();
  /** Numbers of the trials to return next, ascending. */
  private readonly queue: number[];
  /** Numbers of the running trials, with the clock's reading when they started. */
  private readonly running = new Map<number, number | undefined>();
  private bestRecord: BestTrial | undefined;
  private front = new Front();
  private finishedFirst = 0;
  /** What the strategy sees of them. */
  history = this.view();
  private givenCount: number;

  constructor(
    entries: readonly LedgerEntry[],
    private readonly settings: LedgerSettings,
  ) {
    this.entries = [...entries];
    for (const { params } of entries) this.allPoints.add(params);
    this.queue = [...entries.keys()].filter((number) => entries[number].record === undefined);
    this.givenCount = entries.filter(({ given }) => given).length;
    for (const { record } of entries) if (record) this.note(record);
  }

  get size(): number {
    return this.entries.length;
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Undefined while there is none, and with several objectives. */
  get best(): BestTrial | undefined {
    return this.bestRecord;
  }

  /** The Pareto front, by number. */
  get bestTrials(): TrialRecord[] {
    return this.front.indices.map((number) => this.entries[number].record as TrialRecord);
  }

  /** How many trials came from the strategy. */
  get suggested(): number {
    return this.entries.length - this.givenCount;
  }

  /** How many trials, from the first on, have all finished. */
  get finishedInRow(): number {
    return this.finishedFirst;
  }

  /** Finished trials, by number. */
  get records(): TrialRecord[] {
    return this.entries.map(({ record }) => record).filter((record) => record !== undefined);
  }

  /** The parameters of all trials, by number. One list, which grows with the study. */
  get points(): readonly Params[] {
    return this.allPoints.items;
  }

  /** Whether a trial was enqueued or added. */
  isGiven(number: number): boolean {
    return this.entries[number]?.given === true;
  }

  /** Whether a trial has finished. */
  hasFinished(number: number): boolean {
    return this.entries[number]?.record !== undefined;
  }

  /**
   * A growing list of the first trials' records: `count` is never below the last one, and at most
   * `finishedInRow`.
   */
  view(): (count: number) => readonly TrialRecord[] {
    const seen = new SharedList<TrialRecord>();
    return (count) => {
      while (seen.items.length < count) seen.add(this.entries[seen.items.length].record as TrialRecord);
      return seen.items;
    };
  }

  /** Appends a trial, which waits for `ask` unless it has finished; returns its number. */
  append(entry: Omit<LedgerEntry, "record">): number {
    const number = this.enter(entry);
    this.queue.push(number);
    return number;
  }

  /** Appends a trial that was run elsewhere. */
  appendFinished(params: Params, outcome: TrialOutcome): TrialRecord {
    const number = this.entries.length;
    const record = makeRecord({ number, params }, outcome, this.settings.directions.length);
    this.enter({ params, given: true, record });
    return this.note(record);
  }

  /** Starts the first waiting trial; undefined if there is none. */
  start(): Trial | undefined {
    const number = this.queue.shift();
    if (number === undefined) return undefined;
    const { seed, clock } = this.settings;
    this.running.set(number, clock?.());
    return Object.freeze({ ...this.unfinished(number), seed: seedOfTrial(seed, number) });
  }

  /** Finishes a running trial. */
  finish(number: number, outcome: TrialOutcome): TrialRecord {
    this.checkRunning(number);
    must(isPlainObject(outcome), `the outcome of trial ${number}`, "an object, as { value: 1 }", outcome);
    const { clock, directions } = this.settings;
    // the host's clock may be set back
    const measured = clock && { seconds: Math.max(0, clock() - (this.running.get(number) as number)) / 1000 };
    const record = makeRecord(this.unfinished(number), { ...measured, ...outcome }, directions.length);
    this.running.delete(number);
    this.entries[number] = { ...this.entries[number], record };
    return this.note(record);
  }

  /** Puts a running trial back in the queue. */
  release(number: number): void {
    this.checkRunning(number);
    this.running.delete(number);
    this.queue.push(number);
    this.queue.sort((a, b) => a - b);
  }

  /**
   * Puts the trials that ended after the first ones back in the queue.
   *
   * @param first - how many stay, at most `finishedInRow`
   */
  withdraw(first: number): void {
    this.finishedFirst = first;
    for (let number = first; number < this.entries.length; number++) {
      const { record, ...entry } = this.entries[number];
      if (!record) continue;
      this.entries[number] = entry;
      this.queue.push(number);
    }
    this.queue.sort((a, b) => a - b);
    this.bestRecord = undefined;
    this.front = new Front();
    this.history = this.view();
    for (const record of this.records) this.note(record);
  }

  /** All trials as plain data; those without a record are "running", so that they run again. */
  toJSON() {
    return this.entries.map(({ record, given }, number) => ({
      ...(record ?? { ...this.unfinished(number), status: "running" as const }),
      ...(given && { given }),
    }));
  }

  /** A trial without its outcome. */
  private unfinished(number: number): Pick<Trial, "number" | "params" | "parent"> {
    const { params, parent } = this.entries[number];
    return { number, params, ...(parent !== undefined && { parent }) };
  }

  /** Returns its number. */
  private enter(entry: LedgerEntry): number {
    this.allPoints.add(entry.params);
    if (entry.given) this.givenCount++;
    return this.entries.push(entry) - 1;
  }

  private note(record: TrialRecord): TrialRecord {
    const { directions } = this.settings;
    while (this.entries[this.finishedFirst]?.record) this.finishedFirst++;
    if (isBetter(record, this.bestRecord, directions[0])) this.bestRecord = record as BestTrial;
    if (mayBeBest(record))
      this.front.offer({ index: record.number, costs: costVectorOf(record, directions) });
    return record;
  }

  private checkRunning(number: number): void {
    must(Number.isSafeInteger(number), "the number of a trial", "an integer, as trial.number", number);
    const state = (): string => {
      if (this.entries[number]?.record) return "has finished";
      return this.queue.includes(number) ? "is waiting for ask" : "was never asked for";
    };
    check(
      this.running.has(number),
      () => `only a running trial can be finished or released; trial ${show(number)} ${state()}`,
      "invalid_state",
    );
  }
}
