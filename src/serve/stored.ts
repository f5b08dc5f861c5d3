/** The record of one study in its store, with a copy in memory that saves reading it again. */
import { check, FettleError, isA, must, show } from "../errors.js";
import { ofHost } from "./faults.js";
import { type StudyRecord, unpackRecord } from "./record.js";
import type { Store } from "./store.js";

/** The contents of the store. */
interface Copy {
  /** Undefined without a record. */
  readonly record: StudyRecord | undefined;
  /** Undefined without a record, and in a store without versions. */
  readonly version: string | undefined;
}

export class StoredRecord {
  /** The contents of the store, once read or written. */
  private copy: Copy | undefined;

  /** @param key - in the store */
  constructor(
    private readonly store: Store,
    private readonly key: string,
  ) {}

  /** The record as it was last read or written. */
  get known(): StudyRecord | undefined {
    return this.copy?.record;
  }

  /**
   * @throws FettleError `damaged_record`; `invalid_checkpoint` for a record of a later release; and what the
   * store throws
   */
  async read(): Promise<StudyRecord | undefined> {
    this.copy ??= await this.load();
    return this.copy.record;
  }

  /** @throws FettleError `not_found` if there is none, and as `read` */
  async existing(): Promise<StudyRecord> {
    const record = await this.read();
    if (record) return record;
    throw new FettleError(
      "not_found",
      `study ${show(this.key)} does not exist; POST /studies/${this.key} starts it`,
    );
  }

  /**
   * Replaces the record.
   *
   * @param bytes - of `packRecord`
   * @throws FettleError `conflict` if another process has written it; and what the store throws
   */
  async write(record: StudyRecord, bytes: Uint8Array): Promise<void> {
    const before = this.copy?.version;
    const version =
      (await ofHost("the store", async () => this.store.put(this.key, bytes, before))) ?? undefined;
    must(
      typeof version === "string" || before === undefined,
      "the result of put of a store with versions",
      "the new version, a string",
      version,
    );
    this.copy = { record, version };
  }

  /**
   * Deletes the record, whether it can be read or not.
   *
   * @throws FettleError `not_found` if there is none; and what the store throws
   */
  async delete(): Promise<void> {
    try {
      await this.existing();
    } catch (error) {
      const isUnreadable =
        isA(error, FettleError) && ["damaged_record", "invalid_checkpoint"].includes(error.code);
      if (!isUnreadable) throw error;
    }
    this.copy = undefined;
    await ofHost("the store", async () => this.store.delete(this.key));
  }

  /** Drops the copy, so that the store is read again. */
  forget(): void {
    this.copy = undefined;
  }

  private async load(): Promise<Copy> {
    try {
      const entry = (await ofHost("the store", async () => this.store.get(this.key))) ?? undefined; // databases give null
      if (entry === undefined) return { record: undefined, version: undefined };
      if (entry instanceof Uint8Array) return { record: unpackRecord(entry), version: undefined };
      const { bytes, version } = entry;
      check(
        typeof version === "string",
        () => `the version of an entry of the store must be a string; received ${show(version)}`,
      );
      return { record: unpackRecord(bytes), version };
    } catch (error) {
      if (!(isA(error, FettleError) && error.code === "damaged_record")) throw error;
      throw new FettleError(
        "damaged_record",
        `study ${show(this.key)} is damaged in its store: ${error.message}. DELETE /studies/${this.key} removes it; ` +
          "then its name is free, or put a copy of its record back",
        { cause: error },
      );
    }
  }
}
