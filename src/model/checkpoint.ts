/** A callback that saves the model while it trains. */

import { platform } from "#platform";
import { check, isRecord, must, show, unknownName } from "../errors.js";
import type { Callback, Logs } from "../nn/callbacks/callback.js";
import { MONITOR_RULES, type MonitorOptions, monitorBest } from "../nn/callbacks/monitor.js";
import { LayersModel } from "../nn/models/layersModel.js";
import { integer, type OptionRules, readOptions, rule } from "../rules.js";
import type { SaveOptions } from "./model.js";
import { saveModel } from "./save.js";

/**
 * Options of `modelCheckpoint`.
 *
 * @typeParam Custom - names of custom metrics to monitor, such as `"valLargestError"`
 */
export interface ModelCheckpointOptions<Custom extends string = never>
  extends MonitorOptions<Custom>,
    SaveOptions {
  /** Whether to save only after an epoch that is the best so far by `monitor`. Default false. */
  readonly saveBestOnly?: boolean;
  /** The number of epochs between two saves, or checks whether the last one was the best. Default 1. */
  readonly saveFreq?: number;
}

const BOOLEAN = rule<boolean>("a boolean", (value) => typeof value === "boolean");
const RULES = {
  ...MONITOR_RULES,
  optimizer: [BOOLEAN, false],
  saveBestOnly: [BOOLEAN, false],
  saveFreq: [integer(), 1],
} satisfies OptionRules<ModelCheckpointOptions>;

/** Receives the bytes of a model file, after epoch number `epoch`, from 0. */
export type CheckpointWriter = (
  bytes: Uint8Array<ArrayBuffer>,
  epoch: number,
  logs: Logs,
) => void | Promise<void>;

/**
 * Saves the model after epochs, to files or through a function: Keras' `ModelCheckpoint`. `loadModel` loads
 * them. The best value so far is kept from one `fit` of a model to the next.
 *
 * In a path, `{epoch}` is the number of the epoch, from 1 as in Keras, and `{valLoss}` that number of the
 * logs. `{epoch:02d}` has at least two digits, `{valLoss:.3f}` three decimals.
 *
 * @param destination - a path, on hosts with files, or a function
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options; `unsupported` for a path on
 * hosts without files; during training, `unknown_name` if the logs lack the monitored number or one in the
 * path, `not_found` for a file that cannot be written
 * @example
 * ```ts
 * let best = new Uint8Array();
 * const checkpoint = modelCheckpoint((bytes) => void (best = bytes), { saveBestOnly: true }); // or "best-{epoch}.fettle"
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1], [2]], [1, 3, 5], { epochs: 20, validationSplit: 0.3, callbacks: [checkpoint] });
 * const loaded = await loadModel(best);
 * loaded.predict([[4]]).shape; // [1, 1]
 * ```
 */
export function modelCheckpoint<Custom extends string = never>(
  destination: string | CheckpointWriter,
  options: ModelCheckpointOptions<NoInfer<Custom>> = {},
): Callback {
  const read = readOptions<ModelCheckpointOptions<string>, typeof RULES>(options, "modelCheckpoint", RULES);
  const { saveBestOnly, saveFreq, optimizer } = read;
  const better = monitorBest(read);
  const write = typeof destination === "string" ? fileWriter(destination) : destination;
  must(typeof write === "function", "destination", "a path or a function of bytes", destination);
  const bests = new WeakMap<object, number>();
  const monitored = JSON.stringify([read.monitor, read.mode, saveBestOnly]);
  return {
    name: "modelCheckpoint",
    ...(saveBestOnly && { monitor: read.monitor }),
    async onEpochEnd(epoch, logs, { model }) {
      must(model instanceof LayersModel, "the model of modelCheckpoint", "one that its fit trains", model);
      if ((epoch + 1) % saveFreq !== 0) return;
      if (saveBestOnly) {
        const best = better(logs, bests.get(model));
        if (best === undefined) return;
        bests.set(model, best);
      }
      await write(saveModel(model, { optimizer }), epoch, logs);
    },
    save: ({ model }) => ({ monitored, best: model && bests.get(model) }),
    restore(saved, { model }) {
      const { monitored: before, best } = isRecord(saved) ? saved : {};
      check(
        before === monitored,
        () =>
          `it was saved with monitor, mode and saveBestOnly ${show(before)}; received ${monitored}; pass the same`,
      );
      must(best === undefined || typeof best === "number", "the best value so far", "a number", best);
      if (model && best !== undefined) bests.set(model, best);
    },
  };
}

function fileWriter(path: string): CheckpointWriter {
  const { files } = platform;
  check(
    files,
    `there are no files in ${platform.name}: destination must be a function of the bytes`,
    "unsupported",
  );
  must(path !== "", "destination", "a path or a function of bytes", path);
  return (bytes, epoch, logs) => files.write(filled(path, { ...logs, epoch: epoch + 1 }), bytes);
}

/** A path with numbers instead of their names. */
function filled(path: string, numbers: Logs): string {
  return path.replace(
    /\{(\w+)(?::0?(\d+)d|:\.(\d+)f)?\}/g,
    (_, name: string, digits = "0", decimals?: string) => {
      if (!Object.hasOwn(numbers, name)) throw unknownName("number in a path", name, Object.keys(numbers));
      const value = numbers[name];
      return decimals === undefined
        ? String(value).padStart(Number(digits), "0")
        : value.toFixed(Number(decimals));
    },
  );
}
