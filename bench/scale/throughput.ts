/** Trials a second on 1 to 10,000 workers, and what bounds them. */
import { COSTS } from "./costs.js";
import { type Outcome, type Scenario, simulate } from "./simulate.js";

const WORKERS = [1, 10, 100, 1000, 10_000];
const DURATIONS = { "10 ms": 0.01, "1 s": 1, "10 min": 600 };
/** Trials a message. */
const BATCHES = [1, 20];
/** Messages that each worker has, so that most of a study is neither its start nor its end. */
const ROUNDS = 20;
const LEAST_TRIALS = 2000;

/** How many trials may run at a time, for each that workers hold. */
const AHEAD = 2;

const scenario = (
  part: Pick<Scenario, "workers" | "batch" | "costs"> & { readonly mean: number } & Partial<Scenario>,
): Scenario => {
  const { workers, batch, mean } = part;
  return {
    trials: Math.max(LEAST_TRIALS, workers * batch * ROUNDS),
    lag: AHEAD * workers * batch - 1,
    duration: { mean, spread: 0.5 },
    inOrder: true,
    seed: 1,
    ...part,
  };
};

/**
 * Markdown: a row for each duration and number of workers; random search, since its coordinator costs the
 * least.
 */
export function* throughputTable(): Iterable<string> {
  yield `| trials of | workers | ${BATCHES.map((batch) => `${batch} a message: trials a second | workers busy | bound by`).join(" | ")} |`;
  yield `|---|---|${BATCHES.map(() => "---|---|---|").join("")}`;
  for (const [name, mean] of Object.entries(DURATIONS)) {
    for (const workers of WORKERS) {
      const cells = BATCHES.map((batch) => {
        const setting = scenario({ workers, batch, mean, costs: COSTS });
        const outcome = simulate(setting);
        return `${digits(outcome.throughput)} | ${percent(outcome.busy.workers)} | ${bound(setting, outcome)}`;
      });
      yield `| ${name} | ${workers.toLocaleString("en")} | ${cells.join(" | ")} |`;
    }
  }
  yield "";
  yield "| trials of 10 min that may run at a time, for each of 1,000 workers | told in order | told as they come |";
  yield "|---|---|---|";
  for (const ahead of [1, 2, 3, 4, 8]) {
    const busy = [true, false].map((inOrder) => {
      const own = { lag: ahead * 1000 - 1, inOrder, trials: 200_000 };
      const setting = scenario({ workers: 1000, batch: 1, mean: 600, costs: COSTS, ...own });
      // of the whole time, since a far way ahead is not told evenly
      return percent((200_000 * 600) / (1000 * simulate(setting).seconds));
    });
    yield `| ${ahead} | ${busy.join(" | ")} |`;
  }
}

/** The part that is busy all the time, or what else is waited for. */
function bound({ workers, lag }: Scenario, { busy }: Outcome): string {
  const [name, share] = Object.entries(busy).reduce((most, one) => (one[1] > most[1] ? one : most));
  if (share > 0.9) return name;
  return lag + 1 <= AHEAD * workers ? "order and lag" : "latency";
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const digits = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });
