/**
 * A Durable Object that has one study: it answers requests, and goes on by alarms. How it goes on is a matter of its kind;
 * `SlicedObject` does the work itself.
 */
import type { Space } from "../search/space/space.js";
import { admit } from "../serve/http.js";
import type { StudyStatus } from "../serve/record.js";
import { type OpenTuning, openTuning, ServedStudy, type StudyOptions } from "../serve/study.js";
import type { Tuner } from "../tune/resume/tuner.js";
import type { ObjectState, ObjectStorage } from "./host.js";
import { type ObjectStore, objectStore } from "./store.js";

export abstract class HostedStudy<C extends Space, S extends Space, T extends Tuner<S>> {
  protected readonly storage: ObjectStorage;
  private readonly store: ObjectStore;
  private study: ServedStudy<C, S, T> | undefined;
  /** Whether this instance has seen to it that there is an alarm. One from before a kill may be known and yet never come. */
  private armed = false;

  constructor(
    state: ObjectState,
    protected readonly token: string | undefined,
    private readonly options: StudyOptions<C, S>,
    private readonly open: OpenTuning<S, T>,
  ) {
    this.storage = state.storage;
    this.store = objectStore(state.storage);
  }

  async fetch(request: Request): Promise<Response> {
    const admitted = await admit(request, this.token);
    if (admitted instanceof Response) return admitted;
    const study = this.named(admitted.id);
    const response = await admitted.answer(study);
    if (study.isRunning && !(this.armed && (await this.storage.getAlarm()) !== null)) {
      await this.arm(Date.now());
    }
    return response;
  }

  /** If it is killed in here, the host calls it again, and the slice is done again to the same bits. */
  async alarm(): Promise<void> {
    const id = this.store.key();
    if (id === undefined) return;
    const study = this.named(id);
    this.armed = false;
    const status = await study.slice();
    if (status?.phase === "running") await this.goOn(study, status);
  }

  /** After a slice of a study that runs: sees to it that there is another. */
  protected abstract goOn(study: ServedStudy<C, S, T>, status: StudyStatus): Promise<void>;

  /** Has `alarm` called at a time, in milliseconds since 1970. */
  protected async arm(time: number): Promise<void> {
    this.armed = true;
    await this.storage.setAlarm(time);
  }

  protected named(id: string): ServedStudy<C, S, T> {
    this.study ??= new ServedStudy(id, this.store, this.options, this.open);
    return this.study;
  }
}

export class SlicedObject<C extends Space, S extends Space> extends HostedStudy<C, S, Tuner<S>> {
  constructor(state: ObjectState, token: string | undefined, options: StudyOptions<C, S>) {
    super(state, token, options, openTuning);
  }

  protected goOn(): Promise<void> {
    return this.arm(Date.now());
  }
}
