/**
 * A served study in its storage: its trials, its final model, and an artifact with its record, which each
 * slice replaces. The record decides: it has the trials of its slice, which follow it into the storage, so
 * that other programs see the study as any other. A copy of the record in memory saves reading it again.
 */
import { check, FettleError, isA, show } from "../errors.js";
import { sameValue } from "../search/space/value.js";
import type { StudyJson } from "../search/study/contract.js";
import type { StoredStudy, StoredTrial, StudySettings, StudyStorage } from "../store/storage.js";
import { trialsIn } from "../tune/resume/tunerCore.js";
import { ofHost } from "./faults.js";
import { packRecord, type StudyRecord, unpackRecord } from "./record.js";

/** The artifact with the record, which `packRecord` packs. */
const RECORD = "served";
/** The artifact with the final model, named as by the command line. */
const MODEL = "model.fettle";

/** What was last read or written. */
interface Copy {
  readonly study: StoredStudy;
  readonly record: StudyRecord;
  readonly version: string;
}

export class StoredRecord {
  private copy: Copy | undefined;
  /** Whether the storage is known to have the trials of the record. */
  private isFollowed = false;
  /** Whether the storage is known to have no study of that name, or one that no server of studies began. */
  private absent: "none" | "foreign" | undefined;

  /** @param name - of the study in the storage */
  constructor(
    private readonly storage: StudyStorage,
    private readonly name: string,
  ) {}

  /** The record as it was last read or written. */
  get known(): StudyRecord | undefined {
    return this.copy?.record;
  }

  /**
   * The record; undefined if there is no study.
   *
   * @throws FettleError `damaged_record`; `invalid_checkpoint` for a record of a later release; and what the
   * storage throws
   */
  async read(): Promise<StudyRecord | undefined> {
    if (this.absent === undefined) this.copy ??= await this.load();
    return this.copy?.record;
  }

  /** @throws FettleError `not_found` if there is none, and as `read` */
  async existing(): Promise<StudyRecord> {
    const record = await this.read();
    if (record) return record;
    throw new FettleError(
      "not_found",
      this.absent === "foreign"
        ? this.refusal
        : `study ${show(this.name)} does not exist; POST /studies/${this.name} starts it`,
    );
  }

  /**
   * Creates the study.
   *
   * @param json - without trials
   * @throws FettleError `conflict` if another process has created it, or the storage has another study of
   * that name; and what the storage throws
   */
  async create(record: StudyRecord, json: StudyJson, settings: StudySettings): Promise<void> {
    check(this.absent !== "foreign", this.refusal, "conflict");
    await this.ofStorage(async () => {
      // one whose process was killed before it had a record
      let study = await this.storage.open(this.name);
      if (study && !sameValue(study.settings, settings)) {
        await this.storage.delete(this.name);
        study = undefined;
      }
      study ??= await this.storage.create(this.name, json, settings);
      const version = await study.keep(RECORD, packRecord(record), null);
      this.copy = { study, record, version };
    });
  }

  /**
   * Replaces the record; then its new trials follow it.
   *
   * @param bytes - of `packRecord`
   * @param trials - those of the record that the storage may not have
   * @param model - the final model, if the record says that there is one
   * @throws FettleError `conflict` if another process has written it; and what the storage throws
   */
  async write(
    record: StudyRecord,
    bytes: Uint8Array,
    trials: readonly StoredTrial[],
    model: Uint8Array | undefined,
  ): Promise<void> {
    const { study, version } = this.copy as Copy;
    const { isFollowed } = this;
    await this.ofStorage(async () => {
      if (model) await study.keep(MODEL, model);
      this.copy = { study, record, version: await study.keep(RECORD, bytes, version) };
      this.isFollowed = false;
      if (trials.length > 0) await study.append(trials);
      this.isFollowed = isFollowed;
    });
  }

  /**
   * The record, after the storage has all of its trials: a process may have been killed, or the storage may
   * have failed, between the two.
   */
  async followed(): Promise<StudyRecord | undefined> {
    const record = await this.read();
    if (record && !this.isFollowed) {
      const there = new Map((await this.trials()).map(({ number, status }) => [number, status]));
      const missing = trialsIn(record.tuner).filter(
        ({ number, status }) =>
          !there.has(number) || (there.get(number) === "running" && status !== "running"),
      );
      if (missing.length > 0) await this.ofStorage(async () => this.copy?.study.append(missing));
      this.isFollowed = true;
    }
    return record;
  }

  /** The trials in the storage: those that the record lacks, among others. */
  async trials(): Promise<readonly StoredTrial[]> {
    return this.ofStorage(async () => (await this.copy?.study.trials()) ?? []);
  }

  async model(): Promise<Uint8Array | undefined> {
    return this.ofStorage(async () => (await this.copy?.study.artifact(MODEL))?.bytes);
  }

  /**
   * Deletes the study, whether its record can be read or not.
   *
   * @throws FettleError `not_found` if there is none; and what the storage throws
   */
  async delete(): Promise<void> {
    try {
      await this.existing();
    } catch (error) {
      const isUnreadable =
        isA(error, FettleError) && ["damaged_record", "invalid_checkpoint"].includes(error.code);
      if (!isUnreadable) throw error;
    }
    this.forget();
    await this.ofStorage(async () => this.storage.delete(this.name));
  }

  /** Drops the copy, so that the storage is read again. */
  forget(): void {
    this.copy = undefined;
    this.absent = undefined;
    this.isFollowed = false;
  }

  /** The result of a call of the storage. @throws FettleError `conflict` if another process has written */
  private async ofStorage<R>(call: () => Promise<R>): Promise<R> {
    try {
      return await ofHost("the storage", call, ["not_found", "invalid_checkpoint"]);
    } catch (cause) {
      if (!(isA(cause, FettleError) && ["conflict", "not_found"].includes(cause.code))) throw cause;
      throw new FettleError(
        "conflict",
        `another process has changed or deleted study ${show(this.name)} since it was read here, and this request ` +
          "has changed nothing; send it again",
        { cause },
      );
    }
  }

  private get refusal(): string {
    return `the storage has a study ${show(this.name)} that no server of studies began; choose another name`;
  }

  private async load(): Promise<Copy | undefined> {
    try {
      return await this.ofStorage(async () => {
        const study = await this.storage.open(this.name);
        const kept = await study?.artifact(RECORD);
        if (!study || !kept) {
          const isBegun = !study || (study.settings.served && (await study.trials(false)).length === 0);
          this.absent = isBegun ? "none" : "foreign";
          return undefined;
        }
        return { study, record: unpackRecord(kept.bytes), version: kept.version };
      });
    } catch (error) {
      if (!(isA(error, FettleError) && error.code === "damaged_record")) throw error;
      throw new FettleError(
        "damaged_record",
        `study ${show(this.name)} is damaged in its storage: ${error.message}. DELETE /studies/${this.name} removes it; ` +
          "then its name is free, or put a copy of its record back",
        { cause: error },
      );
    }
  }
}
