/** A study as rows in memory: it makes every decision of a storage. */
import type { StudyJson } from "../search/study/contract.js";
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
  artifactDiffers,
  byName,
  checkedNote,
  checkName,
  type Note,
  type Report,
  type StoredStudy,
  type StoredTrial,
  type StudySettings,
  studyIsGone,
  trialDiffers,
  trialIsUnknown,
} from "./storage.js";

interface Row {
  readonly trial: TrialRow;
  readonly reports: Map<number, string>;
  result?: ResultRow;
  curves?: CurvesRow | undefined;
  note?: Note | undefined;
}

/** A study as rows in memory. */
export class MemoryStudy implements StoredStudy {
  readonly rows: Row[];
  readonly definition: StoredStudy["definition"];
  readonly settings: StudySettings;
  /** Whether it was deleted. */
  isGone = false;
  private readonly kept = new Map<string, { readonly bytes: Uint8Array; readonly writes: number }>();

  constructor(
    readonly name: string,
    { trials, ...definition }: StudyJson,
    settings: StudySettings,
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

  async append(trials: readonly StoredTrial[]) {
    for (const [trial, record] of trials.map(divided)) {
      await this.add(trial);
      if (record) await this.tell(record);
    }
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
    return byName([...this.kept].map(([name, { bytes }]) => ({ name, size: bytes.length })));
  }

  async artifact(name: string) {
    this.check();
    const kept = this.kept.get(name);
    return kept && { bytes: new Uint8Array(kept.bytes), version: String(kept.writes) };
  }

  async keep(name: string, bytes: Uint8Array, replaced?: string | null) {
    checkName("the name of an artifact", name);
    this.check();
    const { writes = 0 } = this.kept.get(name) ?? {};
    if (replaced !== undefined && replaced !== (writes === 0 ? null : String(writes)))
      throw artifactDiffers(name);
    this.kept.set(name, { bytes: new Uint8Array(bytes), writes: writes + 1 }); // `slice` of a Buffer does not copy
    return String(writes + 1);
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
