/**
 * A Durable Object with one study: it answers requests and alarms wake it. Its subclasses decide what follows
 * a slice; `SlicedObject` runs the jobs itself, one slice per alarm.
 */

import { type Tell, teller } from "../listener.js";
import type { Space } from "../search/space/space.js";
import { type Reply, responseOf } from "../serve/exchange.js";
import { refusalOf } from "../serve/faults.js";
import { admit } from "../serve/http.js";
import type { StudySettings } from "../serve/options.js";
import type { StudyStatus } from "../serve/record.js";
import { type OpenTuner, ServedStudy } from "../serve/study.js";
import type { StudyStorage } from "../store/storage.js";
import { openBoundedTuner, type ServedTuner } from "../tune/resume/slices.js";
import type { ObjectState, ObjectStorage } from "./host.js";
import { objectStorage } from "./storage.js";

export abstract class StudyObject<C extends Space, S extends Space, T extends ServedTuner<S>> {
  protected readonly storage: ObjectStorage;
  private readonly studies: StudyStorage;
  private readonly tell: Tell;
  private study: ServedStudy<C, S, T> | undefined;
  /**
   * Whether this instance has set the alarm. After a kill, the runtime may report an earlier alarm that it
   * never calls.
   */
  private alarmIsSet = false;

  constructor(
    state: ObjectState,
    protected readonly token: string | undefined,
    private readonly options: StudySettings<C, S>,
    private readonly open: OpenTuner<S, T>,
  ) {
    this.storage = state.storage;
    this.studies = objectStorage(state.storage);
    this.tell = teller(options.onError);
  }

  /** Answers a request. It never rejects. */
  async fetch(request: Request): Promise<Response> {
    try {
      return responseOf(await this.answer(request));
    } catch (error) {
      return responseOf(refusalOf(error, this.tell));
    }
  }

  protected async answer(request: Request): Promise<Reply> {
    const admitted = admit(request, this.token);
    const study = this.studyNamed(admitted.id);
    const response = await admitted.answer(study, this.tell);
    if (study.isRunning && !(this.alarmIsSet && (await this.storage.getAlarm()) !== null)) {
      await this.setAlarm(Date.now());
    }
    return response;
  }

  /**
   * Runs one slice. If the object is killed meanwhile, the runtime calls it again, and the slice gives the
   * same bits.
   */
  async alarm(): Promise<void> {
    const [id] = await this.studies.names();
    if (id === undefined) return;
    const study = this.studyNamed(id);
    this.alarmIsSet = false;
    const status = await study.runSlice();
    if (status?.phase === "running") await this.afterSlice(study, status);
  }

  /** Called after a slice of a running study: arranges the next. */
  protected abstract afterSlice(study: ServedStudy<C, S, T>, status: StudyStatus): Promise<void>;

  /** Schedules a call of `alarm`, in milliseconds since 1970. */
  protected async setAlarm(time: number): Promise<void> {
    this.alarmIsSet = true;
    await this.storage.setAlarm(time);
  }

  protected studyNamed(id: string): ServedStudy<C, S, T> {
    this.study ??= new ServedStudy(id, this.studies, this.options, this.open);
    return this.study;
  }
}

export class SlicedObject<C extends Space, S extends Space> extends StudyObject<C, S, ServedTuner<S>> {
  constructor(state: ObjectState, token: string | undefined, options: StudySettings<C, S>) {
    super(state, token, options, openBoundedTuner);
  }

  protected afterSlice(): Promise<void> {
    return this.setAlarm(Date.now());
  }
}
