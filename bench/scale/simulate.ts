/**
 * A discrete-event model of one study on many workers: who waits for whom, and where it saturates. It knows
 * the order in which a study may be asked and told, and of everything else only what it costs; it runs no
 * strategy.
 *
 *     coordinator ──ask──▶ database (added) ──▶ queue ──▶ worker, for as long as its trials take ──▶ queue ──▶ coordinator, tells
 *     in the order of numbers ──▶ database (told)
 *
 * Coordinator, database and queue do one thing at a time, first come, first served. A message has up to
 * `batch` trials; its worker runs them one after the other and answers once. Who looks for a message finds
 * one that is there at once, and one that comes later after a while.
 */
import { RandomStream } from "../../src/numerics/random.js";
import { EventQueue } from "./eventQueue.js";

/** Seconds that things take, as measured; see `costs.ts`. */
export interface Costs {
  /** Of the coordinator, for a trial. */
  readonly ask: number;
  readonly tell: number;
  /** Of the database: to commit a transaction, and more for each trial that it adds or tells. */
  readonly commit: number;
  readonly row: number;
  /** Of the queue, to take a message in and hand it out. */
  readonly message: number;
  /** Until somebody who waits sees a message that comes. */
  readonly latency: number;
}

export interface Scenario {
  readonly workers: number;
  readonly trials: number;
  /**
   * Trial n is asked for when all trials up to n − 1 − lag were told. Infinity for a strategy that needs no
   * results.
   */
  readonly lag: number;
  /** Of a trial: mean in seconds, and standard deviation as a share of it; its logarithm is normal. */
  readonly duration: { readonly mean: number; readonly spread: number };
  /** Trials a message, at most. */
  readonly batch: number;
  /**
   * Whether results are told in the order of numbers, which gives the same bits at any number of workers, or
   * as they come.
   */
  readonly inOrder: boolean;
  readonly costs: Costs;
  readonly seed: number;
}

export interface Outcome {
  /** From the start until the last trial was told and stored. */
  readonly seconds: number;
  /**
   * Trials a second that were told, without the first and the last quarter of them: workers begin at once,
   * and end one by one.
   */
  readonly throughput: number;
  /** Shares of the same time in which each was busy; for workers, of all their time. */
  readonly busy: Readonly<Record<"workers" | "coordinator" | "database" | "queue", number>>;
  /** The most results that waited for one of a lower number. */
  readonly mostWaiting: number;
  /** Each trial once, in the order in which they were told. */
  readonly told: readonly number[];
}

/** Something that does one thing at a time. */
class Station {
  /** When all that has come is done. */
  free = 0;
  private taken = 0;

  /** @returns when work that comes now is done */
  serve(now: number, seconds: number): number {
    this.free = Math.max(this.free, now) + seconds;
    this.taken += seconds;
    return this.free;
  }

  /** For how long it was busy until then. */
  busyUntil(at: number): number {
    return this.taken - Math.max(0, this.free - at);
  }
}

type Event =
  | { readonly type: "coordinate" }
  | { readonly type: "arrives"; readonly trials: readonly number[] }
  | { readonly type: "ends"; readonly trials: readonly number[] }
  | { readonly type: "answers"; readonly trials: readonly number[] };

export function simulate(scenario: Scenario): Outcome {
  const { workers, trials, lag, batch, inOrder, costs } = scenario;
  const durations = durationsOf(scenario);
  const events = new EventQueue<Event>();
  const [coordinator, database, queue] = [new Station(), new Station(), new Station()];
  let asked = 0;
  const told: number[] = [];
  /** Results that wait to be told. */
  const arrived = new Set<number>();
  let mostWaiting = 0;
  /** Messages without a worker. */
  const waiting: (readonly number[])[] = [];
  let idle = workers;
  let coordinating = false;
  let now = 0;

  const marks: ReturnType<typeof mark>[] = [];
  const mark = (at: number) => ({
    at,
    told: told.length,
    coordinator: coordinator.busyUntil(at),
    database: database.busyUntil(at),
    queue: queue.busyUntil(at),
  });
  /** What is stored in a transaction. */
  const store = (from: number, count: number): number =>
    database.serve(from, costs.commit + count * costs.row);
  const work = (from: number, message: readonly number[]): void => {
    const seconds = message.reduce((sum, trial) => sum + durations[trial], 0);
    events.add(from + seconds, { type: "ends", trials: message });
  };
  /** The results that can be told now, at most a batch. */
  const next = (): number[] => {
    const found: number[] = [];
    if (inOrder)
      while (found.length < batch && arrived.has(told.length + found.length))
        found.push(told.length + found.length);
    else for (const trial of arrived) if (found.push(trial) === batch) break;
    return found;
  };
  /**
   * The trials that can be asked for now, at most a batch: back-pressure keeps one message a worker ahead.
   */
  const askable = (): number => {
    const running = asked - told.length - arrived.size;
    return Math.min(batch, trials - asked, told.length + lag + 1 - asked, 2 * workers * batch - running);
  };
  const wake = (): void => {
    if (coordinating) return;
    coordinating = true;
    events.add(now, { type: "coordinate" });
  };
  /** One turn of the coordinator: results first, since they open the way for what is asked. */
  const coordinate = (): void => {
    coordinating = false;
    const results = next();
    const count = results.length > 0 ? 0 : askable();
    if (results.length > 0) {
      const done = coordinator.serve(now, results.length * costs.tell);
      for (const trial of results) arrived.delete(trial);
      for (const trial of results) {
        told.push(trial);
        if (told.length === Math.ceil(trials / 4) || told.length === Math.ceil((3 * trials) / 4))
          marks.push(mark(done));
      }
      store(done, results.length);
      coordinating = true;
      events.add(done, { type: "coordinate" });
    } else if (count > 0) {
      const message = Array.from({ length: count }, (_, i) => asked + i);
      asked += count;
      const done = coordinator.serve(now, count * costs.ask);
      const stored = store(done, count);
      events.add(queue.serve(stored, costs.message), { type: "arrives", trials: message });
      coordinating = true;
      events.add(done, { type: "coordinate" });
    }
  };

  wake();
  for (let event = events.next(); event !== undefined; event = events.next()) {
    now = event.at;
    const { value } = event;
    if (value.type === "coordinate") coordinate();
    if (value.type === "arrives") {
      if (idle > 0) {
        idle--;
        work(now + costs.latency, value.trials);
      } else waiting.push(value.trials);
    }
    if (value.type === "ends") {
      const done = queue.serve(now, costs.message);
      events.add(done + costs.latency, { type: "answers", trials: value.trials });
      const message = waiting.shift();
      if (message) work(now, message);
      else idle++;
    }
    if (value.type === "answers") {
      for (const trial of value.trials) arrived.add(trial);
      mostWaiting = Math.max(mostWaiting, arrived.size);
      wake();
    }
  }
  const [from, to] = marks;
  const middle = to.at - from.at;
  const throughput = (to.told - from.told) / middle;
  return {
    seconds: Math.max(now, coordinator.free, database.free),
    throughput,
    busy: {
      workers: (throughput * scenario.duration.mean) / workers,
      coordinator: (to.coordinator - from.coordinator) / middle,
      database: (to.database - from.database) / middle,
      queue: (to.queue - from.queue) / middle,
    },
    mostWaiting,
    told,
  };
}

/** Durations of the trials, in seconds, whichever worker runs them. */
function durationsOf({ trials, duration: { mean, spread }, seed }: Scenario): Float64Array {
  const random = new RandomStream(seed);
  const variance = Math.log(1 + spread * spread);
  return Float64Array.from(
    { length: trials },
    () => mean * Math.exp(Math.sqrt(variance) * random.normal() - variance / 2),
  );
}

/**
 * On paper: the trials a second that each part allows alone. The least of them is what a study of many trials
 * comes near to; a lag allows less where durations differ, since the slowest of the trials that run is waited
 * for.
 */
export function limits({ workers, lag, duration, batch, costs }: Scenario): Readonly<Record<string, number>> {
  const { ask, tell, commit, row, message, latency } = costs;
  return {
    workers: workers / duration.mean,
    coordinator: 1 / (ask + tell),
    database: 1 / (2 * (commit / batch + row)),
    queue: batch / (2 * message),
    lag: (lag + 1) / (duration.mean + latency),
  };
}
