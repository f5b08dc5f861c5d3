/**
 * The facts of a study as a log in a store: parts of bounded length, of which only the last is replaced, by a
 * longer one. Where two processes write, the store lets one through, and the other reads its facts first.
 */
import { FettleError, isA, isRecord, show } from "../../errors.js";
import { recordOf } from "../../search/study/checkpoint.js";
import { type ArchiveFormat, packArchive, unpackStored } from "../../workers/archive.js";
import { MemoryStudy } from "../memoryStudy.js";
import {
  type Note,
  type Report,
  type StoredTrial,
  type StudyDefinition,
  type StudySettings,
  studyIsGone,
} from "../storage.js";
import type { VersionedStore } from "./versioned.js";

/** What one call has written: trials that were asked for or have ended, a result, a report, or a note. */
export type Fact =
  | { readonly trials: readonly StoredTrial[] }
  | { readonly result: FinishedTrial }
  | { readonly number: number; readonly report: Report }
  | { readonly note: Note };

export type FinishedTrial = Exclude<StoredTrial, { readonly status: "running" }>;

/** What the first part of a log says of its study. */
export interface Head {
  /** Part of its further keys, so that parts of a deleted study of that name are not its own. */
  readonly life: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly name: string;
  readonly definition: StudyDefinition;
  readonly settings: StudySettings;
}

const FORMAT: ArchiveFormat = { magic: "fettle/l", version: 1, what: "a part of a stored study" };
/** Bytes from which on a part is not replaced, and the next begins. */
const FULL = 2 ** 16;

export function packPart(head: Head, facts: readonly Fact[]): Uint8Array {
  return packArchive(FORMAT, { head, facts });
}

function unpackPart(bytes: Uint8Array, name: string): { readonly head: Head; readonly facts: Fact[] } {
  try {
    return unpackStored(
      FORMAT,
      bytes,
      ({ head, facts }) => isRecord(head) && typeof head.life === "string" && Array.isArray(facts),
    ) as unknown as { readonly head: Head; readonly facts: Fact[] };
  } catch (error) {
    throw isA(error, FettleError) ? ofStudy(name, error) : error;
  }
}

/** @throws FettleError `damaged_record`, or `invalid_checkpoint` for a part of a later release */
export const headIn = (bytes: Uint8Array, name: string): Head => unpackPart(bytes, name).head;

const ofStudy = (name: string, error: FettleError): FettleError =>
  new FettleError(error.code, `study ${show(name)} cannot be read: ${error.message}`, { cause: error });

/** See the head of this file. Its calls must not overlap. */
export class FactLog {
  /** The facts that were read or written, as a study. */
  private study: MemoryStudy | undefined;
  /** The number of the last part, its facts, its bytes and its version. */
  private part = 0;
  private facts: readonly Fact[] = [];
  private size = 0;
  private version: string | undefined;

  constructor(
    private readonly store: VersionedStore,
    private readonly key: string,
    private readonly head: Head,
  ) {}

  /** The study with all facts of the store. @throws FettleError `not_found`, `damaged_record` */
  async read(): Promise<MemoryStudy> {
    const { name, definition, settings, life } = this.head;
    this.study ??= new MemoryStudy(name, { ...definition, trials: [] }, settings);
    let entry = await this.store.get(this.keyOf(this.part));
    while (entry) {
      if (entry.version !== this.version) {
        const { head, facts } = unpackPart(entry.bytes, name);
        if (head.life !== life) break;
        for (const fact of facts.slice(this.facts.length)) await applied(this.study, fact);
        this.facts = facts;
        this.size = entry.bytes.length;
        this.version = entry.version;
      }
      if (this.size < FULL) return this.study;
      entry = await this.store.get(this.keyOf(this.part + 1));
      if (!entry) return this.study;
      this.begin(this.part + 1);
    }
    throw studyIsGone(name);
  }

  /**
   * Adds a fact.
   *
   * @param decide - applies it to the study; false if that changes nothing
   * @throws what `decide` and the store throw
   */
  async write<R>(fact: Fact, decide: (study: MemoryStudy) => Promise<R>): Promise<R> {
    for (;;) {
      const isKnown = this.study !== undefined && this.store.compares && this.size < FULL;
      const study = isKnown && this.study ? this.study : await this.read();
      let result: R;
      try {
        result = await decide(study);
      } catch (error) {
        if (!isKnown) throw error;
        result = await decide(await this.read()); // another process may have written since
      }
      if (result === false) return result;
      const isFull = this.size >= FULL;
      const facts = isFull ? [fact] : [...this.facts, fact];
      const bytes = packPart(this.head, facts);
      try {
        const before = isFull ? undefined : this.version;
        const version = await this.store.put(this.keyOf(this.part + (isFull ? 1 : 0)), bytes, before);
        if (isFull) this.begin(this.part + 1);
        Object.assign(this, { facts, size: bytes.length, version });
        return result;
      } catch (error) {
        // the study has a fact that the store has not
        this.study = undefined;
        this.begin(0);
        if (!(isA(error, FettleError) && error.code === "conflict")) throw error;
      }
    }
  }

  private begin(part: number): void {
    Object.assign(this, { part, facts: [], size: 0, version: undefined });
  }

  private keyOf(part: number): string {
    return part === 0 ? this.key : `${this.key}.${this.head.life}.s${part}`;
  }
}

/** @throws FettleError `damaged_record` */
async function applied(study: MemoryStudy, fact: Fact): Promise<void> {
  try {
    if ("trials" in fact) await study.append(fact.trials);
    else if ("result" in fact) await study.tell(recordOf(fact.result));
    else if ("report" in fact) await study.report(fact.number, fact.report);
    else await study.note(fact.note);
  } catch (cause) {
    throw ofStudy(
      study.name,
      new FettleError("damaged_record", `a fact of it is damaged: ${show(fact)}`, { cause }),
    );
  }
}
