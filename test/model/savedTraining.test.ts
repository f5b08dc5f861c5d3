/**
 * Saved trainings that do not belong where they are restored, or were changed by someone who mends the
 * checksum: they are refused with a reason, or restored exactly as they say.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { createTraining, restoreTraining } from "../../src/model/training.js";
import type { FitOptions } from "../../src/nn/arguments/options.js";
import type { Callback } from "../../src/nn/callbacks/callback.js";
import { earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import { reduceLROnPlateau } from "../../src/nn/callbacks/reduceLROnPlateau.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import { adam } from "../../src/optim/adam.js";
import { packArchive, unpackArchive } from "../../src/workers/archive.js";
import { cases } from "../cases.js";
import { compiled, randomRows, refusal } from "../nn/support.js";
import { damagedBytes, damagedValues, valuesIn } from "../tune/resume/archives.js";

const x = randomRows(14, 2, 1);
const y = x.map(([a, b]) => a - b);
const network = (units = 3, rate = 0.2, learningRate = 0.1) =>
  compiled([dense(units, { activation: "tanh" }), dropout(rate), dense(1)], {
    optimizer: adam({ learningRate }),
    loss: "meanSquaredError",
    metrics: ["r2"],
  });
const options = (): FitOptions => ({
  epochs: 4,
  batchSize: 3,
  validationSplit: 0.3,
  callbacks: [earlyStopping({ patience: 2 }), reduceLROnPlateau({ patience: 1, monitor: "loss" })],
});
const format = { magic: "fettle/f", version: 1, what: "a saved training" };

/** After each step. */
const saves: Uint8Array[] = [];
beforeAll(async () => {
  const training = await createTraining(network(), x, y, options());
  saves.push(training.save());
  while (!training.result) {
    await training.advance({ steps: 1 });
    saves.push(training.save());
  }
});
const restore = (given: Partial<FitOptions> = {}, model = network(), bytes = saves[2]) =>
  restoreTraining(bytes, model, x, y, { ...options(), ...given });

describe("a saved training", () => {
  it("is the same after it is restored, before it is advanced", async () => {
    expect(saves.length).toBeGreaterThan(10);
    for (const bytes of saves) {
      const training = await restore({}, network(), bytes);
      expect(training.save()).toEqual(bytes);
    }
  });

  it("that anyone changed is refused, or restored exactly and resumed", async () => {
    const given = fc.nat().chain((n) => {
      const bytes = saves[n % saves.length];
      const other = saves[(n + 1) % saves.length];
      return fc.oneof(damagedBytes(bytes, other), damagedValues(bytes, format));
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(given, async (bytes) => {
        try {
          const training = await restore({}, network(), bytes);
          expect(valuesIn(training.save(), format)).toEqual(valuesIn(bytes, format));
          const { steps } = await training.advance({ steps: 100 });
          expect(steps).toBeLessThan(100);
          expect(training.result).toBeDefined();
        } catch (error) {
          if (!(error instanceof FettleError)) throw error;
          expect(["invalid_checkpoint", "invalid_argument", "unknown_name"]).toContain(error.code);
          refused++;
        }
      }),
      { numRuns: cases(400) },
    );
    expect(refused).toBeGreaterThan(0);
  });

  const other = "invalid_argument: the training was saved with";
  it.each<[string, () => Promise<unknown>, string | RegExp]>([
    [
      "other data",
      () => restoreTraining(saves[2], network(), x, [...y.slice(1), 0], options()),
      `${other} other data; pass the same x, y, validationData and weights`,
    ],
    [
      "weights of rows",
      () => restore({ sampleWeight: y.map((_, i) => 1 + i) }),
      `${other} another model; pass one with the same layers, loss, optimizer and metrics`,
    ],
    ...[
      { x: [...x.slice(1), [0, 0]] },
      { y: [...y.slice(1), 0] },
      { weights: y.map((_, i) => (i === 0 ? 2 : 1)) },
    ].map((other): [string, () => Promise<unknown>, string] => [
      `other validation rows: ${Object.keys(other)}`,
      async () => {
        const held = (given: { x?: number[][]; y?: number[]; weights?: number[] }) => ({
          validationSplit: 0,
          validationData: [given.x ?? x, given.y ?? y, given.weights ?? y.map(() => 1)] as const,
        });
        const training = await createTraining(network(), x, y, { ...options(), ...held({}) });
        return restore(held(other), network(), training.save());
      },
      "invalid_argument: the training was saved with other data; pass the same x, y, validationData and weights",
    ]),
    [
      "other layers",
      () => restore({}, network(4)),
      `${other} another model; pass one with the same layers, loss, optimizer and metrics`,
    ],
    [
      "another rate",
      () => restore({}, network(3, 0.2, 0.3)),
      new RegExp(`^${other} hyperparameters .*; pass the same hyperparameters$`),
    ],
    ["another dropout", () => restore({}, network(3, 0.4)), new RegExp(`^${other} hyperparameters `)],
    ["other epochs", () => restore({ epochs: 5 }), `${other} epochs 4; received 5; pass the same epochs`],
    [
      "other batches",
      () => restore({ batchSize: 4 }),
      `${other} batchSize 3; received 4; pass the same batchSize`,
    ],
    ["another seed", () => restore({ seed: 1 }), `${other} seed 0; received 1; pass the same seed`],
    [
      "another order",
      () => restore({ shuffle: false }),
      `${other} shuffle true; received false; pass the same shuffle`,
    ],
    [
      "another split",
      () => restore({ validationSplit: 0.5 }),
      `${other} another validationSplit; pass the same one`,
    ],
    [
      "fewer callbacks with a state",
      () => restore({ callbacks: [earlyStopping({ patience: 2 })] }),
      `${other} the states of callbacks ["earlyStopping","reduceLROnPlateau"]; received ["earlyStopping"]; pass the same callbacks`,
    ],
    [
      "a callback with other options",
      async () =>
        (
          await restore({
            callbacks: [earlyStopping({ patience: 3 }), reduceLROnPlateau({ patience: 1, monitor: "loss" })],
          })
        ).advance(),
      /^invalid_argument: callbacks\[0\] \(earlyStopping\) failed in restore: it was saved with the options .*; pass the same options$/,
    ],
    [
      "a newer release",
      () => restore({}, network(), packArchive({ ...format, version: 2 }, unpackArchive(format, saves[2]))),
      "invalid_checkpoint: a saved training was made by a newer release (version 2; this one reads up to 1); upgrade to open it",
    ],
    [
      "other kernels",
      () => {
        const { plan, ...sections } = unpackArchive(format, saves[2]);
        const changed = { plan: { ...(plan as object), kernels: "9 other strict" }, ...sections };
        return restore({}, network(), packArchive(format, changed));
      },
      /^invalid_checkpoint: the training was saved with the kernels "9 other strict"; received .*, which compute different bits/,
    ],
    [
      "cut bytes",
      () => restore({}, network(), saves[2].slice(0, -8)),
      /^invalid_checkpoint: this is not a saved training: it must have \d+ bytes/,
    ],
  ])("is refused for %s", async (_, run, message) => {
    if (typeof message === "string") expect(await refusal(run)).toBe(message);
    else expect(await refusal(run)).toMatch(message);
  });

  it("is refused for best parameters of another network", async () => {
    const { states, ...sections } = unpackArchive(format, saves[6]);
    const [{ name, state }, plateau] = states as { name: string; state: object }[];
    const changed = [{ name, state: { ...state, bestParameters: new Float32Array(5) } }, plateau];
    const bytes = packArchive(format, { ...sections, states: changed });
    const training = await restore({}, network(), bytes);
    expect(await refusal(() => training.advance())).toBe(
      "invalid_checkpoint: callbacks[0] (earlyStopping) failed in restore: the best parameters must be 13 numbers; received 5",
    );
  });

  it("may be restored with other callbacks that have no state", async () => {
    const seen: number[] = [];
    const watching: Callback = { onEpochEnd: (epoch) => void seen.push(epoch) };
    const training = await restore({ callbacks: [watching, ...(options().callbacks ?? [])] });
    await training.advance();
    expect(seen).toEqual(training.result?.epoch);
  });

  it("has the state of custom callbacks, which must be plain data", async () => {
    const counting = (state?: unknown): Callback & { count: number } => ({
      count: 0,
      onEpochEnd() {
        this.count++;
      },
      save() {
        return state ?? { count: this.count, seen: Float64Array.of(this.count, Number.NaN) };
      },
      restore(saved) {
        this.count = (saved as { count: number }).count;
        expect(saved).toEqual({ count: this.count, seen: Float64Array.of(this.count, Number.NaN) });
      },
    });
    const open = async (callback: Callback, bytes?: Uint8Array) => {
      const given = [network(), x, y, { epochs: 6, callbacks: [callback] }] as const;
      return bytes ? restoreTraining(bytes, ...given) : createTraining(...given);
    };
    const first = counting();
    const training = await open(first);
    await training.advance({ steps: 2 });
    expect(first.count).toBe(2);
    const second = counting();
    await (await open(second, training.save())).advance();
    expect(second.count).toBe(6);
    const wrong = await open(counting({ map: new Map() }));
    await wrong.advance({ steps: 1 });
    expect(await refusal(() => wrong.save())).toMatch(
      /^invalid_argument: callbacks\[0\] failed in save: its state must be plain data and typed arrays; received/,
    );
    expect(await refusal(() => open({ save: () => 1, onEpochEnd() {} }))).toBe(
      "invalid_argument: callbacks[0] must have both save and restore, or neither; received only save",
    );
  });
});
