/** The studies of a storage, which other processes write; it is polled. */
import { FettleError, isA, isRecord } from "../errors.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { StoredStudy, StoredTrial, StudyStorage } from "../store/storage.js";
import { endIn, SUMMARY } from "./ended.js";
import { linesByTrial, linesOf, ReportedLines } from "./lines.js";
import { inParts, rowOf, type Source, type SourceStudy } from "./source.js";
import type { Action, CurveLine, CurvesByTrial, DashboardEvent, StudyAbout } from "./wire.js";

/** Milliseconds between two polls. */
const LOOK = 1000;

/**
 * @param name - for people, such as the path of its file
 * @param mayWrite - whether notes may be written
 */
export function storageSource(storage: StudyStorage, name: string, mayWrite: boolean): Source {
  return {
    name,
    studies: () => storage.studies(),
    async open(study) {
      const stored = await storage.open(study);
      return stored && storedStudy(storage, stored, mayWrite ? ["note"] : []);
    },
  };
}

function storedStudy(storage: StudyStorage, study: StoredStudy, actions: readonly Action[]): SourceStudy {
  const trials = async (from?: number) => (await study.trials(false, from)).map(rowOf);
  return {
    trials: () => trials(),
    curves: (numbers) => curvesIn(study, numbers),
    artifact: async (name) => (await study.artifact(name))?.bytes,
    ...(actions.includes("note") && { note: (note) => study.note(note) }),
    follow(listener, failed) {
      const sent = new Sent(listener);
      let timer: ReturnType<typeof setTimeout> | undefined;
      let isStopped = false;
      let counts = "";
      /** The first trial that may change: results never do. */
      let first = 0;
      const look = async (): Promise<void> => {
        const card = (await storage.studies()).find(({ name }) => name === study.name);
        if (!card) return listener({ type: "gone" });
        sent.once({ type: "about", about: await aboutOf(study, actions, card.finished) });
        // trials are read only when some have changed
        const now = JSON.stringify(card);
        if (now !== counts) {
          counts = now;
          const rows = await trials(first);
          sent.trials(rows);
          const open = rows.find(({ status }) => status === "running");
          first = open?.number ?? (rows.at(-1)?.number ?? first - 1) + 1;
        }
        sent.once({ type: "notes", notes: await study.notes() });
        sent.once({ type: "ready" });
        if (!isStopped) timer = setTimeout(again, LOOK);
      };
      const again = (): void =>
        void look().catch((error: unknown) => {
          if (isA(error, FettleError) && error.code === "not_found") listener({ type: "gone" });
          else failed(error);
        });
      again();
      return () => {
        isStopped = true;
        clearTimeout(timer);
      };
    },
  };
}

async function curvesIn(study: StoredStudy, numbers: readonly number[]): Promise<CurvesByTrial> {
  const metrics = metricsIn(study);
  // all trials are read only if there is no other way
  let kept: Promise<readonly StoredTrial[]> | undefined;
  const lines = async (number: number): Promise<readonly CurveLine[]> => {
    const curves = await study.curves(number);
    const reports = await study.reports(number);
    if (curves || reports.length > 0)
      return linesOf({ curves }, new ReportedLines(metrics).add(reports).lines, metrics);
    kept ??= study.trials(false);
    const trial = (await kept).find((each) => each.number === number);
    return linesOf({ curve: (trial as Partial<TrialRecord> | undefined)?.curve }, [], metrics);
  };
  return linesByTrial(numbers, lines);
}

/** What was already sent to a listener, so that only changes follow. */
export class Sent {
  private readonly last = new Map<string, string>();
  private readonly statuses: string[] = [];

  constructor(private readonly listener: (event: DashboardEvent) => void) {}

  /** Sends an event unless it is equal to the last of its type. */
  once(event: DashboardEvent): void {
    const text = JSON.stringify(event);
    if (this.last.get(event.type) === text) return;
    this.last.set(event.type, text);
    this.listener(event);
  }

  /** Sends the trials whose status has changed: results never change. */
  trials(trials: readonly ReturnType<typeof rowOf>[]): void {
    const changed = trials.filter(({ number, status }) => this.statuses[number] !== status);
    for (const { number, status } of changed) this.statuses[number] = status;
    for (const event of inParts(changed)) this.listener(event);
  }
}

async function aboutOf(
  study: StoredStudy,
  actions: readonly Action[],
  finished: number | undefined,
): Promise<StudyAbout> {
  const { strategy, space, seed, direction } = study.definition;
  const flags = flagsIn(study);
  return {
    name: study.name,
    strategy: strategy.name,
    space,
    seed,
    directions: [direction].flat(),
    metrics: metricsIn(study),
    ...(typeof flags.trials === "number" && { budget: flags.trials }),
    ...endIn((await study.artifact(SUMMARY))?.bytes, finished),
    artifacts: await study.artifacts(),
    actions,
  };
}

/** Names from the command that created it. */
const flagsIn = ({ settings: { command } }: StoredStudy) =>
  isRecord(command) && isRecord(command.flags) ? command.flags : {};

const metricsIn = (study: StoredStudy): readonly string[] =>
  metricsOf(study.settings.metrics ?? flagsIn(study).metric, [study.definition.direction].flat().length);

/** Names of objectives, or numbers if they are unknown. */
export function metricsOf(names: unknown, objectives: number): readonly string[] {
  const known = Array.isArray(names) ? names : [];
  return Array.from({ length: objectives }, (_, i) => {
    const name: unknown = known[i];
    if (typeof name === "string") return name;
    return objectives === 1 ? "value" : `value ${i + 1}`;
  });
}
