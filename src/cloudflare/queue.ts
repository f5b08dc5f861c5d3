/**
 * The jobs of a study on many isolates. Its object sends a message for each waiting job; the worker that
 * receives one requests the job from the object, runs it, and returns the result. So messages are small, and
 * lost, late or duplicate ones change nothing: the object accepts a result once, and resends the message of a
 * job that waits too long.
 */
import { check, isRecord, show } from "../errors.js";
import { Leases } from "../leases.js";
import type { ParamsOf, Space } from "../search/space/space.js";
import type { Reply } from "../serve/exchange.js";
import type { StudySettings } from "../serve/options.js";
import { NOTHING, Refusal } from "../serve/responses.js";
import type { ServedStudy } from "../serve/study.js";
import { checkToken } from "../serve/token.js";
import { createJobWorker, createRemoteTuner, type JobName, type RemoteTuner } from "../tune/resume/remote.js";
import { packArchive, unpackArchive } from "../workers/archive.js";
import type { JobMessage, ObjectState, QueueBinding } from "./host.js";
import { StudyObject } from "./object.js";

/** A job for a worker, with the settings of its study. */
const FORMAT = { magic: "fettle/w", version: 1, what: "a job for a worker" };
/** The most messages that a queue takes at once. */
const MOST = 100;

/** An object whose jobs run in the consumers of a queue. */
export class QueuedObject<C extends Space, S extends Space> extends StudyObject<C, S, RemoteTuner<S>> {
  /** The waiting jobs of a tuner whose messages are on their way. */
  private sent: { readonly by: RemoteTuner<S>; readonly jobs: Leases<string> } | undefined;

  constructor(
    state: ObjectState,
    token: string | undefined,
    options: StudySettings<C, S>,
    private readonly queue: QueueBinding,
    private readonly resendSeconds: number,
  ) {
    super(state, token, options, createRemoteTuner);
  }

  /** Also answers workers: GET /studies/:id/jobs?name=… gives a job, POST sends its result. */
  protected override async answer(request: Request): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url);
    const [, , id, action] = pathname.split("/");
    if (action !== "jobs") return super.answer(request);
    checkToken(request, this.token);
    const text = searchParams.get("name");
    const name = jobNameFrom(text ?? "");
    if (name === undefined) {
      const message = `name must be { "trial", "index" } of a job as JSON; received ${show(text)}`;
      throw new Refusal(400, "invalid_argument", message);
    }
    const study = this.studyNamed(id);
    if (request.method === "GET") {
      const found = await study.inspect((tuner, settings) => ({ job: tuner.job(name), settings }));
      if (!found?.job) return NOTHING;
      return { status: 200, headers: {}, body: packArchive(FORMAT, found) };
    }
    const result = new Uint8Array(await request.arrayBuffer());
    const status = await study.runSlice((tuner) => {
      try {
        tuner.deliver(name, result);
      } catch {
        // the job keeps waiting, and its message is sent again
      }
    });
    if (status?.phase === "running") await this.afterSlice(study);
    return NOTHING;
  }

  /** Sends messages for the jobs that are due, and sets an alarm to check them again. */
  protected async afterSlice(study: ServedStudy<C, S, RemoteTuner<S>>): Promise<void> {
    const due = await study.inspect((tuner) => this.takeDue(tuner));
    const messages = (due ?? []).map((name) => ({ body: { study: study.id, ...name } }));
    for (let i = 0; i < messages.length; i += MOST) await this.queue.sendBatch(messages.slice(i, i + MOST));
    await this.setAlarm(Date.now() + 1000 * this.resendSeconds);
  }

  /** The waiting jobs without a recent message; records that they are sent now. */
  private takeDue(tuner: RemoteTuner<S>): JobName[] {
    if (this.sent?.by !== tuner)
      this.sent = { by: tuner, jobs: new Leases(1000 * this.resendSeconds, () => Date.now()) };
    const { jobs } = this.sent;
    const waiting = new Map(tuner.waiting().map((name) => [keyOf(name), name]));
    jobs.retain(waiting);
    const due = [...waiting].filter(([key]) => jobs.isFree(key));
    for (const [key] of due) jobs.give(key, "message");
    return due.map(([, name]) => name);
  }
}

/** Sends a request to the object of a study. */
export type FetchObject = (study: string, request: Request) => Promise<Response>;

/** Runs the job that a message names. */
export type JobConsumer<C extends Space, S extends Space> = (
  message: unknown,
  tuner: StudySettings<C, S>["tuner"],
  token: string,
  fetchObject: FetchObject,
) => Promise<void>;

/** The worker of one isolate. */
export function createConsumer<C extends Space, S extends Space>(): JobConsumer<C, S> {
  /** The worker for the settings of the last job. */
  let last: { readonly key: string; readonly doJob: ReturnType<typeof createJobWorker> } | undefined;
  return async (message, tuner, token, fetchObject) => {
    if (!isMessage(message)) return;
    const { study, trial, index } = message;
    const send = async (init: RequestInit): Promise<Response> => {
      const url = `https://object/studies/${study}/jobs?name=${JSON.stringify({ trial, index })}`;
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetchObject(study, new Request(url, { ...init, headers }));
      const { ok, status } = response;
      // the queue delivers the message again
      check(ok, () => `the object of study ${show(study)} answered with status ${status}`, "store_failed");
      return response;
    };
    const response = await send({});
    if (response.status === 204) return; // another worker ran it
    const { job, settings } = unpackArchive(FORMAT, new Uint8Array(await response.arrayBuffer()));
    const key = JSON.stringify(settings);
    if (last?.key !== key) {
      const options = Promise.resolve(tuner(settings as ParamsOf<C>));
      last = { key, doJob: options.then((options) => createJobWorker(options)) };
    }
    const doJob = await last.doJob.catch((error) => {
      last = undefined;
      throw error;
    });
    const result = await doJob(job as Uint8Array);
    await send({ method: "POST", body: result as Uint8Array<ArrayBuffer> });
  };
}

function isMessage(message: unknown): message is JobMessage {
  return isRecord(message) && typeof message.study === "string" && isJobName(message);
}

function isJobName(value: unknown): value is JobName {
  return (
    isRecord(value) &&
    (value.trial === null || Number.isSafeInteger(value.trial)) &&
    Number.isSafeInteger(value.index)
  );
}

function jobNameFrom(text: string): JobName | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJobName(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function keyOf({ trial, index }: JobName): string {
  return `${trial}/${index}`;
}
