/** The record of one study in its store, with a copy in memory that saves reading it again. */
import { FettleError, show } from "../errors.js";
import { packRecord, type StudyRecord, unpackRecord } from "./record.js";
import type { Store } from "./store.js";

export class StoredRecord {
  /** What the store holds, once it was read or written. */
  private copy: { readonly record: StudyRecord | undefined } | undefined;

  /** @param key - in the store */
  constructor(
    private readonly store: Store,
    private readonly key: string,
  ) {}

  /** The record as it was last read or written. */
  get known(): StudyRecord | undefined {
    return this.copy?.record;
  }

  async read(): Promise<StudyRecord | undefined> {
    if (!this.copy) {
      const bytes = await this.store.get(this.key);
      this.copy = { record: bytes && unpackRecord(bytes) };
    }
    return this.copy.record;
  }

  /** @throws FettleError `not_found` if there is none */
  async existing(): Promise<StudyRecord> {
    const record = await this.read();
    if (record) return record;
    throw new FettleError(
      "not_found",
      `study ${show(this.key)} does not exist; POST /studies/${this.key} starts it`,
    );
  }

  /** Replaces the record. */
  async write(record: StudyRecord): Promise<void> {
    await this.store.put(this.key, packRecord(record));
    this.copy = { record };
  }

  async delete(): Promise<void> {
    this.copy = undefined;
    await this.store.delete(this.key);
  }

  /** Drops the copy, so that the store is read again. */
  forget(): void {
    this.copy = undefined;
  }
}
