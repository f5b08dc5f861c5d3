/** The studies of a host of `fettle/serve`, by its routes and its events. Its answers are only shown. */
import { platform } from "#platform";
import { FettleError, isRecord, messageOf, show } from "../errors.js";
import { resolveSpace, type Space } from "../search/space/space.js";
import type { Curves, CurvesJson } from "../search/trial/curves.js";
import { readCurves } from "../search/trial/savedCurves.js";
import { mustBeDirection, type TrialRecord } from "../search/trial/trial.js";
import type { StudyStatus } from "../serve/record.js";
import type { Report } from "../store/storage.js";
import { linesByTrial, linesOf, ReportedLines } from "./lines.js";
import { rowOf, type Source, type SourceStudy } from "./source.js";
import { metricsOf, Sent } from "./storageSource.js";
import type { Action, CurvesByTrial, DashboardEvent, StudyAbout, StudyCard, TrialRow } from "./wire.js";

export interface HostOptions {
  /** Its address. */
  readonly url: string;
  readonly token: string;
  /** Names of studies, for hosts that do not list theirs. */
  readonly studies: readonly string[];
  /** Whether studies may be started and controlled. */
  readonly mayWrite: boolean;
  readonly fetch?: typeof fetch;
}

/** Milliseconds until the next request, after the host's events have ended. */
const AGAIN = 1000;
/** Milliseconds between two requests for the running trials. */
const LOOK = 1000;
/** The most listed studies, and the most names in one answer of the host. */
const MOST_STUDIES = 10_000;
const PAGE = 1000;
/** Studies whose counts one list requests; more take turns. */
const MOST_ASKED = 100;
/** Simultaneous requests for their counts. */
const AT_ONCE = 8;
/** Bytes of a line of events at most: a trial with its curves. */
const LONGEST = 2 ** 26;

export function hostSource(options: HostOptions): Source {
  const host = new Host(options);
  const names = new Set(options.studies);
  const opened = new Map<string, HostStudy>();
  /** The known counts, the most recently requested last. */
  const cards = new Map<string, StudyCard>();
  const look = async (name: string): Promise<void> => {
    const status = await host.status(name);
    cards.delete(name);
    cards.set(name, status ? { name, ...countsOf(status) } : { name });
  };
  return {
    name: options.url,
    async studies() {
      const all = new Set([...names, ...(await host.list())].slice(0, MOST_STUDIES));
      for (const name of cards.keys()) if (!all.has(name)) cards.delete(name);
      const isNew = (name: string): boolean => !cards.has(name);
      const turns = [...[...all].filter(isNew), ...cards.keys()].slice(0, MOST_ASKED);
      // few at a time: the host bounds the requests that it answers
      for (let at = 0; at < turns.length; at += AT_ONCE)
        await Promise.all(turns.slice(at, at + AT_ONCE).map(look));
      return [...all].map((name) => cards.get(name) ?? { name });
    },
    async open(name) {
      const status = await host.status(name);
      const known = opened.get(name);
      const study = status && known?.isOf(status) ? known : new HostStudy(host, name, options.mayWrite);
      if (status) opened.set(name, study);
      return status && study;
    },
    ...(options.mayWrite && {
      async start(name, settings) {
        await host.json(`/${encodeURIComponent(name)}`, "POST", settings);
        names.add(name);
      },
    }),
  };
}

const countsOf = ({ trials, finished }: StudyStatus) => ({
  finished,
  ...(trials !== undefined && { trials }),
});

class Host {
  constructor(private readonly options: HostOptions) {}

  async answer(path: string, method = "GET", body?: unknown, signal?: AbortSignal): Promise<Response> {
    const { url, token, fetch: send = fetch } = this.options;
    const address = `${url.replace(/(?<!\/)\/+$/, "")}/studies${path}`;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = { method, headers, redirect: "error" as const, ...(signal && { signal }) };
    try {
      return await send(address, body === undefined ? init : { ...init, body: JSON.stringify(body) });
    } catch (cause) {
      throw new FettleError("store_failed", `${url} does not answer: ${messageOf(cause)}`, { cause });
    }
  }

  /** The JSON of an answer. @throws FettleError with the host's message if it refused */
  async json(path: string, method = "GET", body?: unknown): Promise<unknown> {
    const response = await this.answer(path, method, body);
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const error = isRecord(answer) && isRecord(answer.error) ? answer.error : {};
    const said = typeof error.message === "string" ? error.message : `status ${response.status}`;
    throw new FettleError(
      response.status === 404 ? "not_found" : "invalid_state",
      `the host answered: ${said}`,
    );
  }

  async status(name: string): Promise<StudyStatus | undefined> {
    return orNothing(this.json(`/${encodeURIComponent(name)}`) as Promise<StudyStatus>);
  }

  /** The names that the host lists, page by page; empty if it lists nothing. */
  async list(): Promise<readonly string[]> {
    const names: string[] = [];
    for (let after = ""; names.length < MOST_STUDIES; ) {
      const path = `?limit=${PAGE}${after && `&after=${encodeURIComponent(after)}`}`;
      const answer = await orNothing(this.json(path));
      const { studies, next } = isRecord(answer) ? answer : {};
      if (Array.isArray(studies)) names.push(...studies.filter((name) => typeof name === "string"));
      if (typeof next !== "string" || next <= after) break;
      after = next;
    }
    return names;
  }

  /** The running trials; empty if the host does not report them. */
  async running(name: string): Promise<readonly RunningTrial[]> {
    const answer = await orNothing(this.json(`/${encodeURIComponent(name)}/running`));
    return Array.isArray(answer) ? answer.filter(isRunning) : [];
  }

  /** A trial's reports; empty if the host does not provide them. */
  async reports(name: string, trial: number): Promise<readonly Report[]> {
    const answer = await orNothing(this.json(`/${encodeURIComponent(name)}/trials/${trial}/reports`));
    return Array.isArray(answer) ? answer.filter(isReport) : [];
  }

  /** A study's definition; undefined if the host does not provide one, or it is invalid. */
  async definition(name: string): Promise<Definition | undefined> {
    const answer = await orNothing(this.json(`/${encodeURIComponent(name)}/definition`));
    const { space, strategy, seed, directions, metrics } = isRecord(answer) ? answer : {};
    if (!isRecord(space) || typeof strategy !== "string" || !Array.isArray(directions)) return undefined;
    try {
      resolveSpace(space as Space);
      for (const direction of directions) mustBeDirection(direction);
    } catch {
      return undefined;
    }
    return {
      space: space as Space,
      strategy,
      directions,
      metrics: metricsOf(metrics, directions.length),
      ...(typeof seed === "number" && { seed }),
    };
  }
}

const isReport = (report: unknown): report is Report =>
  isRecord(report) &&
  Number.isSafeInteger(report.step) &&
  [report.value].flat().every((value) => value === null || typeof value === "number");

/** A running trial, and its curves so far. */
interface RunningTrial extends Pick<TrialRecord, "number" | "params"> {
  readonly curves?: CurvesJson;
}

const isRunning = (trial: unknown): trial is RunningTrial =>
  isRecord(trial) && Number.isSafeInteger(trial.number) && isRecord(trial.params);

type Definition = Pick<StudyAbout, "space" | "strategy" | "seed" | "directions" | "metrics">;

async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof FettleError && error.code === "not_found") return undefined;
    throw error;
  }
}

class HostStudy implements SourceStudy {
  /** By number: trials from the events, with curves. */
  private records: TrialRecord[] = [];
  private definition: Definition | undefined;
  /** By number: the trials that ran at the last request. */
  private running = new Map<number, RunningTrial>();
  private looked = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly host: Host,
    private readonly name: string,
    private readonly mayWrite: boolean,
  ) {}

  /** Whether its trials are those of the host: not if another study has the name of a deleted one. */
  isOf({ finished }: StudyStatus): boolean {
    return !(this.records.filter(Boolean).length > finished);
  }

  readonly command = async (command: string): Promise<void> => {
    await this.host.json(`${this.path}/${command}`, "POST");
  };

  async trials(): Promise<readonly TrialRow[]> {
    await this.read();
    return this.records.filter(Boolean).map(rowOf);
  }

  async curves(numbers: readonly number[]): Promise<CurvesByTrial> {
    if (numbers.some((number) => !this.records[number])) {
      await this.look();
      if (numbers.some((number) => !this.records[number] && !this.running.has(number))) await this.read();
    }
    const metrics = this.definition?.metrics ?? metricsOf(undefined, 1);
    return linesByTrial(numbers, async (number) => {
      const { [number]: record = {} as Partial<TrialRecord> } = this.records;
      const kept = record.curves ? record : { ...record, ...this.growing(number) };
      const reports = kept.curves ? [] : await this.host.reports(this.name, number);
      return linesOf(kept, new ReportedLines(metrics).add(reports).lines, metrics);
    });
  }

  async artifact(name: string): Promise<Uint8Array | undefined> {
    if (name !== MODEL) return undefined;
    const response = await this.host.answer(`${this.path}/model`);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  }

  follow(listener: (event: DashboardEvent) => void, failed: (error: unknown) => void): () => void {
    const left = new AbortController();
    const sent = new Sent(listener);
    const about = (status: StudyStatus): void => sent.once({ type: "about", about: this.aboutOf(status) });
    const run = async (): Promise<void> => {
      for (;;) {
        const status = await this.host.status(this.name);
        if (!status || !this.isOf(status)) return listener({ type: "gone" });
        this.definition ??= await this.host.definition(this.name);
        if (this.definition) about(status);
        // first, so that trials that end while the others are read are among the events
        const response = await this.host.answer(`${this.path}/events`, "GET", undefined, left.signal);
        sent.trials(await this.trials());
        about(status);
        sent.once({ type: "ready" });
        for await (const { event, data } of eventsIn(response)) {
          if (event === "trial") {
            const record = data as TrialRecord;
            this.records[record.number] = record;
            sent.trials([rowOf(record)]);
          }
          if (event === "status") {
            about(data as StudyStatus);
            await this.look();
            const running = [...this.running.values()].filter(({ number }) => !this.records[number]);
            sent.trials(running.map(({ number, params }) => rowOf({ number, params, status: "running" })));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
        if (left.signal.aborted) return;
      }
    };
    run().catch((error: unknown) => {
      if (left.signal.aborted) return;
      left.abort(); // the events, if they are open
      failed(error);
    });
    return () => left.abort();
  }

  private get path(): string {
    return `/${encodeURIComponent(this.name)}`;
  }

  /** Requests the running trials, unless that was recent. */
  private async look(): Promise<void> {
    const now = platform.now();
    if (now - this.looked < LOOK) return;
    this.looked = now;
    const running = await this.host.running(this.name);
    this.running = new Map(running.map((trial) => [trial.number, trial]));
  }

  /** The curves of a running trial, if they are readable. */
  private growing(number: number): { readonly curves?: Curves } {
    const { curves } = this.running.get(number) ?? {};
    try {
      return curves ? { curves: readCurves(curves) } : {};
    } catch {
      return {};
    }
  }

  private async read(): Promise<void> {
    for (const record of (await this.host.json(`${this.path}/trials`)) as TrialRecord[])
      this.records[record.number] = record;
  }

  private aboutOf(status: StudyStatus): StudyAbout {
    const { phase, trials, error, stalled, best } = status;
    const trouble = error ?? stalled;
    // a host without a definition still ranks trials: the best has the lowest or the highest value
    const isLeast = (): boolean =>
      this.records.every(({ value }) => value === null || value >= (best?.value ?? value));
    const unsaid = (): Definition => ({
      strategy: "",
      space: {},
      metrics: metricsOf(undefined, 1),
      directions: [isLeast() ? "minimize" : "maximize"],
    });
    return {
      name: this.name,
      phase,
      ...(this.definition ?? unsaid()),
      ...(trials !== undefined && { budget: trials }),
      ...(trouble !== undefined && { trouble }),
      artifacts: phase === "done" ? [{ name: MODEL }] : [],
      actions: this.mayWrite ? (ACTIONS[phase] ?? []) : [],
    };
  }
}

/** The name under which a host's final model is saved. */
const MODEL = "model.fettle";

const ACTIONS: Readonly<Record<string, readonly Action[]>> = {
  running: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  failed: ["resume", "cancel"],
};

/** The server-sent events of a response. @throws FettleError `store_failed` for anything else */
export async function* eventsIn(
  response: Response,
): AsyncIterable<{ readonly event: string; readonly data: unknown }> {
  const { body, ok, status } = response;
  if (!ok || !body)
    throw new FettleError("store_failed", `the host must send events; received status ${status}`);
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() as string;
    if (text.length > LONGEST)
      throw new FettleError(
        "store_failed",
        `an event of the host must have at most ${LONGEST} characters; received ${show(text.length)}`,
      );
    for (const block of blocks) {
      const fields = new Map(
        block.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]),
      );
      const data = fields.get("data");
      if (data !== undefined) yield { event: fields.get("event") ?? "message", data: JSON.parse(data) };
    }
  }
}
