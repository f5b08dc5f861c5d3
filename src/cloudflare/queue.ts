/**
 * The jobs of a study on many isolates. Its object sends a message for each that waits; who gets one asks the object for
 * the job, does it, and brings what came of it. So messages are small, and those that are lost, late or doubled change
 * nothing: the object has a job waiting or not, takes a result once, and sends again what waits for long.
 */
import { isRecord } from "../errors.js";
import type { ParamsOf, Space } from "../search/space/space.js";
import { whyNot } from "../serve/http.js";
import type { ServedStudy, StudyOptions } from "../serve/study.js";
import { type JobName, jobDoer, type SharedTuner, shareTuner } from "../tune/resume/shared.js";
import { packArchive, unpackArchive } from "../workers/archive.js";
import type { JobMessage, JobQueue, ObjectState } from "./host.js";
import { HostedStudy } from "./object.js";

/** A job on its way to who does it, with the settings of its study. */
const FORMAT = { magic: "fettle/w", version: 1, what: "a job on its way" };
/** The most messages that a queue takes at once. */
const MOST = 100;

/** An object that has its jobs done by those who consume a queue. */
export class QueuedObject<C extends Space, S extends Space> extends HostedStudy<C, S, SharedTuner<S>> {
  /** When messages were sent for jobs of a tuning that wait, in milliseconds. */
  private sent: { readonly by: SharedTuner<S>; readonly at: ReadonlyMap<string, number> } | undefined;

  constructor(
    state: ObjectState,
    token: string | undefined,
    options: StudyOptions<C, S>,
    private readonly queue: JobQueue,
    private readonly resendSeconds: number,
  ) {
    super(state, token, options, shareTuner);
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, , id, action] = pathname.split("/");
    if (action !== "jobs") return super.fetch(request);
    const refused = await whyNot(request, this.token);
    if (refused) return refused;
    const name = JSON.parse(searchParams.get("name") ?? "") as JobName;
    const study = this.named(id);
    if (request.method === "GET") {
      const given = await study.look((tuner, settings) => ({ job: tuner.job(name), settings }));
      if (!given?.job) return new Response(null, { status: 204 });
      return new Response(packArchive(FORMAT, given) as Uint8Array<ArrayBuffer>);
    }
    const outcome = new Uint8Array(await request.arrayBuffer());
    const status = await study.slice((tuner) => {
      try {
        tuner.deliver(name, outcome);
      } catch {
        // It waits on, and its message is sent again.
      }
    });
    if (status?.phase === "running") await this.goOn(study);
    return new Response(null, { status: 204 });
  }

  /** Sends messages for jobs that wait, and an alarm to itself to see whether they still do. */
  protected async goOn(study: ServedStudy<C, S, SharedTuner<S>>): Promise<void> {
    const now = Date.now();
    const due = await study.look((tuner) => {
      const before = this.sent?.by === tuner ? this.sent.at : new Map<string, number>();
      const waiting = tuner.waiting();
      const isDue = (name: JobName) => now - (before.get(keyOf(name)) ?? 0) >= 1000 * this.resendSeconds;
      const names = waiting.filter(isDue);
      const at = new Map(
        waiting.map((name) => [keyOf(name), isDue(name) ? now : (before.get(keyOf(name)) as number)]),
      );
      this.sent = { by: tuner, at };
      return names;
    });
    const messages = (due ?? []).map((name) => ({ body: { study: study.id, ...name } }));
    for (let i = 0; i < messages.length; i += MOST) await this.queue.sendBatch(messages.slice(i, i + MOST));
    await this.arm(now + 1000 * this.resendSeconds);
  }
}

/** Sends a request to the object of a study. */
export type FetchObject = (study: string, request: Request) => Promise<Response>;

/**
 * What does the jobs that messages tell of.
 *
 * @param tune - the tuning for some settings
 */
export function createConsumer<C extends Space, S extends Space>(): (
  message: unknown,
  tune: StudyOptions<C, S>["tune"],
  token: string,
  fetchObject: FetchObject,
) => Promise<void> {
  /** The tuning that jobs were done of last. */
  let last: { readonly key: string; readonly doJob: ReturnType<typeof jobDoer> } | undefined;
  return async (message, tune, token, fetchObject) => {
    if (!isMessage(message)) return;
    const { study, trial, index } = message;
    const send = (init: RequestInit) =>
      fetchObject(
        study,
        new Request(`https://object/studies/${study}/jobs?name=${JSON.stringify({ trial, index })}`, {
          ...init,
          headers: { authorization: `Bearer ${token}` },
        }),
      );
    const given = await send({});
    if (given.status === 204) return; // somebody did it
    const { job, settings } = unpackArchive(FORMAT, new Uint8Array(await given.arrayBuffer()));
    const key = JSON.stringify(settings);
    if (last?.key !== key) {
      last = {
        key,
        doJob: Promise.resolve(tune(settings as ParamsOf<C>)).then((options) => jobDoer(options)),
      };
    }
    const { doJob } = last;
    const outcome = await doJob.then(
      (work) => work(job as Uint8Array),
      (error) => {
        last = undefined;
        throw error;
      },
    );
    await send({ method: "POST", body: outcome as Uint8Array<ArrayBuffer> });
  };
}

function isMessage(message: unknown): message is JobMessage {
  return (
    isRecord(message) &&
    typeof message.study === "string" &&
    (message.trial === null || Number.isSafeInteger(message.trial)) &&
    Number.isSafeInteger(message.index)
  );
}

function keyOf({ trial, index }: JobName): string {
  return `${trial}/${index}`;
}
