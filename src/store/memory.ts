/** A storage in memory, for experiments and tests. */
import type { StudyJson } from "../search/study/contract.js";
import { noJobs, queueOver } from "../workers/queue/memory.js";
import type { QueueOptions } from "../workers/queue/queue.js";
import {
  type CurvesRow,
  curvesOf,
  curvesRow,
  divided,
  isSameTrial,
  type ResultRow,
  resultRow,
  type TrialRow,
  trialOf,
  trialRow,
} from "./rows.js";
import {
  byName,
  checkedNote,
  checkName,
  type Note,
  type Report,
  type StoredStudy,
  type StudySettings,
  type StudyStorage,
  studyExists,
  studyIsGone,
  trialDiffers,
  trialIsUnknown,
} from "./storage.js";

/**
 * A storage in memory. It lasts as long as its process.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * const storage = memoryStorage();
 * const kept = await storage.create("parabola", study.toJSON());
 * const trial = study.ask()!;
 * await kept.add(trial);
 * await kept.tell(study.tell(trial.number, { value: trial.params.x ** 2 })); // true
 * await storage.studies(); // [{ name: "parabola", trials: 1, finished: 1 }]
 * ```
 */
export function memoryStorage(): StudyStorage {
  const kept = new Map<string, MemoryStudy>();
  return {
    async studies() {
      return [...kept.values()].map(({ name, rows }) => ({
        name,
        trials: rows.length,
        finished: rows.filter(({ result }) => result).length,
      }));
    },
    open: async (name) => kept.get(name),
    async create(name, study, settings = {}) {
      checkName("the name of a study", name);
      if (kept.has(name)) throw studyExists(name);
      const made = new MemoryStudy(name, study, settings, () => kept.delete(name));
      kept.set(name, made);
      return made;
    },
    async close() {},
  };
}

interface Row {
  readonly trial: TrialRow;
  readonly reports: Map<number, string>;
  result?: ResultRow;
  curves?: CurvesRow | undefined;
  note?: Note | undefined;
}

class MemoryStudy implements StoredStudy {
  readonly rows: Row[];
  readonly definition: StoredStudy["definition"];
  readonly settings: StudySettings;
  private readonly kept = new Map<string, Uint8Array>();
  private isGone = false;
  private readonly jobs = noJobs();

  constructor(
    readonly name: string,
    { trials, ...definition }: StudyJson,
    settings: StudySettings,
    private readonly remove: () => void,
  ) {
    this.definition = copied(definition);
    this.settings = copied(settings);
    this.rows = trials.map((each) => {
      const [trial, record] = divided(each);
      const result = record && { result: resultRow(record), curves: curvesRow(record.curves) };
      return { trial: trialRow(trial), reports: new Map<number, string>(), ...result };
    });
  }

  async trials(curves = true, from = 0) {
    this.check();
    return this.rows
      .slice(from)
      .map((row) => trialOf(row.trial, row.result, curves ? row.curves : undefined));
  }

  async curves(number: number) {
    this.check();
    const curves = this.rows[number]?.curves;
    return curves && curvesOf(curves, number);
  }

  async add(trial: Parameters<StoredStudy["add"]>[0]) {
    this.check();
    const { number } = trial;
    const row = trialRow(trial);
    if (number === this.rows.length) {
      this.rows.push({ trial: row, reports: new Map() });
      return true;
    }
    const before = this.row(number).trial;
    if (!isSameTrial(before, row)) throw trialDiffers(number, this.name, before, row);
    return false;
  }

  async tell(record: Parameters<StoredStudy["tell"]>[0]) {
    this.check();
    const row = this.row(record.number);
    if (row.result) return false;
    row.result = resultRow(record);
    row.curves = curvesRow(record.curves);
    return true;
  }

  async report(number: number, { step, value }: Report) {
    this.check();
    const { reports } = this.row(number);
    if (!reports.has(step)) reports.set(step, JSON.stringify(value));
  }

  async reports(number: number) {
    this.check();
    const found = [...(this.rows[number]?.reports ?? [])].sort(([a], [b]) => a - b);
    return found.map(([step, value]) => ({ step, value: JSON.parse(value) as Report["value"] }));
  }

  async note(note: Note) {
    const kept = checkedNote(note);
    this.check();
    this.row(note.number).note = kept;
  }

  async notes() {
    this.check();
    return this.rows.flatMap(({ note }) => (note ? [copied(note)] : []));
  }

  async artifacts() {
    this.check();
    return byName([...this.kept].map(([name, { length }]) => ({ name, size: length })));
  }

  async artifact(name: string) {
    this.check();
    const kept = this.kept.get(name);
    return kept && new Uint8Array(kept);
  }

  async keep(name: string, bytes: Uint8Array) {
    checkName("the name of an artifact", name);
    this.check();
    this.kept.set(name, new Uint8Array(bytes)); // `slice` of a Buffer does not copy
  }

  queue(options: QueueOptions = {}) {
    return queueOver(this.jobs, options);
  }

  async delete() {
    this.check();
    this.isGone = true;
    this.remove();
  }

  private check(): void {
    if (this.isGone) throw studyIsGone(this.name);
  }

  private row(number: number): Row {
    const row = this.rows[number];
    if (!row) throw trialIsUnknown(number, this.name);
    return row;
  }
}

function copied<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
