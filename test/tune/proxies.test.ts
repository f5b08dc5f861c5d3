/**
 * Options that are proxies, as Vue, MobX and Svelte make them: a study takes what they show when it begins.
 * So its outcome depends neither on the number of threads, which no proxy can be sent to, nor on what becomes
 * of them. Threads need `dist/`.
 */
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import type { Model } from "../../src/model/model.js";
import { float, int } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { TrialRecord } from "../../src/search/trial/trial.js";
import { createTuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import { linear, untimed, x, y } from "./support.js";

/**
 * A proxy of an object and, as they are read, of the plain objects and lists in it: as `reactive` of Vue.
 * Counts what is read.
 */
function reactive<T extends object>(target: T, reads: Map<string, number> = new Map(), path = ""): T {
  return new Proxy(target, {
    get(of, key, receiver) {
      const value: unknown = Reflect.get(of, key, receiver);
      const place = `${path}.${String(key)}`;
      reads.set(place, (reads.get(place) ?? 0) + 1);
      const isData =
        Array.isArray(value) ||
        (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);
      return isData && Object.isExtensible(value) ? reactive(value as object, reads, place) : value;
    },
  });
}

const rows = x.map((row, i) => `${row.join(",")},${y[i]}`).join("\n");
const names = x[0].map((_, j) => `a${j}`).join(",");
const table = () => encodeTable(readTable(`${names},y\n${rows}\n`), { target: "y", task: "regression" });

const plain = () => ({
  space: { learningRate: float(0.001, 0.1, { log: true }), batchSize: int(4, 8) },
  data: table(),
  model: linear,
  strategy: random(),
  fit: { epochs: 3, earlyStopping: { patience: 2 } },
  pipeline: {
    scale: "standard" as "standard" | "none",
    scaleOneHot: false,
  },
  validation: { folds: 3 },
  stop: { patience: 20 },
  enqueue: [{ learningRate: 0.05, batchSize: 4 }],
  trials: 4,
  seed: 3,
  testSize: 0.2,
});

/** What a study came to. */
const outcomeOf = ({
  trials,
  final,
}: {
  readonly trials: readonly TrialRecord<unknown>[];
  readonly final: Model;
}) => ({
  trials: untimed(trials),
  test: final.test,
});

describe("options that are proxies", () => {
  it("have the outcome of plain ones, at any number of threads", async () => {
    const alone = outcomeOf(await tune({ ...plain(), jobs: 1 }));
    expect(alone.trials.map(({ status }) => status)).toEqual(new Array(4).fill("complete"));
    for (const jobs of [1, 2]) {
      expect(outcomeOf(await tune({ ...plain(), jobs }))).toEqual(alone);
      expect(outcomeOf(await tune(reactive({ ...plain(), jobs })))).toEqual(alone);
      const { data: _, pipeline, fit, ...others } = plain();
      const arrays = { x: x.map(([a, b, c]) => [a, b, c]), y: [...y] };
      const expected = untimed((await tune({ ...others, ...arrays, pipeline, fit, jobs: 1 })).trials);
      const functions = { fit: () => reactive(fit), pipeline: () => reactive(pipeline), jobs };
      const given = { ...others, x: reactive(arrays.x), y: reactive(arrays.y), ...functions };
      expect(untimed((await tune(given)).trials)).toEqual(expected);
    }
  });

  it("may change once the study has begun", async () => {
    const alone = outcomeOf(await tune({ ...plain(), jobs: 1 }));
    for (const jobs of [1, 2]) {
      const options = reactive({ ...plain(), jobs });
      const spoil = (): void => {
        options.fit.epochs = 1;
        options.fit.earlyStopping.patience = 1;
        options.pipeline.scale = "none";
        options.validation.folds = 2;
        options.stop.patience = 1;
        options.enqueue.length = 0;
        options.trials = 1;
        options.seed = 9;
      };
      const running = tune(options);
      spoil();
      expect(outcomeOf(await running)).toEqual(alone);
    }
  });

  it("are read once each", async () => {
    const reads = new Map<string, number>();
    await tune(reactive({ ...plain(), jobs: 1 }, reads));
    // a strategy is used, and lists are asked how long they are
    const often = [...reads].filter(([place, count]) => count > 1 && !/^\.strategy|\.length$/.test(place));
    expect(often).toEqual([]);
  });

  it("are what a tuner in slices takes too", async () => {
    const ended = async (options: ReturnType<typeof plain>) => {
      const tuner = await createTuner(options);
      while (!tuner.result) await tuner.advance();
      return untimed(tuner.result.trials);
    };
    expect(await ended(reactive(plain()))).toEqual(await ended(plain()));
  });
});
