/** Checkpoints: what is saved is the model of that epoch, when it is to be, where it is to be. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { type ModelCheckpointOptions, modelCheckpoint } from "../../src/model/checkpoint.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import { learningRateScheduler } from "../../src/nn/callbacks/learningRateScheduler.js";
import { dense } from "../../src/nn/layers/index.js";
import { adam } from "../../src/optim/adam.js";
import { compiled, randomRows, refusal, weightsOf } from "../nn/support.js";

const x = randomRows(40, 6, 2);
const noise = randomRows(40, 1, 3); // nothing to learn, so that validation soon gets worse
const network = () =>
  compiled([dense(16, { activation: "relu" }), dense(1)], {
    optimizer: adam({ learningRate: 0.02 }),
    loss: "meanSquaredError",
  });
const options = { epochs: 8, batchSize: 7, validationSplit: 0.5 };

const folder = mkdtempSync(join(tmpdir(), "fettle-checkpoints-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.restoreAllMocks());

interface Saved {
  readonly epoch: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a checkpoint hands to its function. */
function collector(given: ModelCheckpointOptions = {}) {
  const saved: Saved[] = [];
  const callback = modelCheckpoint((bytes, epoch) => void saved.push({ epoch, bytes }), given);
  return { saved, callback };
}

describe("modelCheckpoint", () => {
  it("saves the model after each epoch, as it is there", async () => {
    const { saved, callback } = collector();
    await network().fit(x, noise, { ...options, epochs: 3, callbacks: [callback] });
    expect(saved.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    for (const { epoch, bytes } of saved) {
      const shorter = network();
      await shorter.fit(x, noise, { ...options, epochs: epoch + 1 });
      expect(bytes).toEqual(saveModel(shorter));
    }
  });

  it("saves after every saveFreq epochs", async () => {
    const { saved, callback } = collector({ saveFreq: 3 });
    await network().fit(x, noise, { ...options, callbacks: [callback] });
    expect(saved.map(({ epoch }) => epoch)).toEqual([2, 5]);
  });

  it("saves only the best, which is what earlyStopping restores", async () => {
    const { saved, callback } = collector({ saveBestOnly: true });
    const model = network();
    const { history } = await model.fit(x, noise, {
      ...options,
      epochs: 100,
      callbacks: [callback, earlyStopping({ patience: 5 })],
    });
    const bests = history.valLoss.flatMap((loss, i) =>
      history.valLoss.slice(0, i).every((before) => loss < before) ? [i] : [],
    );
    expect(saved.map(({ epoch }) => epoch)).toEqual(bests);
    expect(bests.length).toBeLessThan(history.valLoss.length);
    const { model: best } = await loadModel(saved[saved.length - 1].bytes);
    expect(weightsOf(best)).toEqual(weightsOf(model));
  });

  it("keeps its best from one fit of a model to the next, and has one for each model", async () => {
    const { saved, callback } = collector({ saveBestOnly: true, monitor: "loss", mode: "max" });
    const [first, second] = [network(), network()];
    // a loss that falls: by the largest, only the first epoch is the best
    const learnt = x.map(([a]) => a);
    await first.fit(x, learnt, { epochs: 3, callbacks: [callback] });
    await first.fit(x, learnt, { epochs: 3, callbacks: [callback] });
    expect(saved.map(({ epoch }) => epoch)).toEqual([0]);
    await Promise.all([
      second.fit(x, learnt, { epochs: 3, callbacks: [callback] }),
      first.fit(x, learnt, { epochs: 3, callbacks: [callback] }),
    ]);
    expect(saved.map(({ epoch }) => epoch)).toEqual([0, 0]);
    const once = network();
    await once.fit(x, learnt, { epochs: 1 });
    expect(saved[1].bytes).toEqual(saveModel(once));
  });

  it("with the optimizer goes on to the bits of a training that never stopped", async () => {
    const scheduler = learningRateScheduler((_, rate) => rate * 0.8);
    const whole = network();
    await whole.fit(x, noise, { ...options, callbacks: [scheduler] });
    const { saved, callback } = collector({ optimizer: true });
    await network().fit(x, noise, { ...options, callbacks: [scheduler, callback] });
    for (const { epoch, bytes } of saved) {
      const { model } = await loadModel(bytes);
      await model.fit(x, noise, { ...options, epochs: 7 - epoch, callbacks: [scheduler] });
      expect(weightsOf(model)).toEqual(weightsOf(whole));
    }
  });

  it("writes files, with numbers in their names", async () => {
    const model = network();
    const path = join(folder, "{epoch:03d}-{epoch}-{valLoss:.2f}.fettle");
    const { history } = await model.fit(x, noise, {
      ...options,
      epochs: 2,
      callbacks: [modelCheckpoint(path)],
    });
    const [a, b] = history.valLoss.map((loss) => loss.toFixed(2));
    expect(readdirSync(folder).sort()).toEqual([`001-1-${a}.fettle`, `002-2-${b}.fettle`]);
    expect(new Uint8Array(readFileSync(join(folder, `002-2-${b}.fettle`)))).toEqual(saveModel(model));
  });

  it("waits for its function, and names the epoch when it fails", async () => {
    let written = 0;
    const slow = modelCheckpoint(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      written++;
    });
    await network().fit(x, noise, { ...options, epochs: 2, callbacks: [slow] });
    expect(written).toBe(2);
    const nowhere = modelCheckpoint(join(folder, "missing", "{epoch}.fettle"));
    expect(await refusal(() => network().fit(x, noise, { callbacks: [nowhere] }))).toMatch(
      /^not_found: callbacks\[0\] \(modelCheckpoint\) failed in onEpochEnd of epoch 0: cannot write ".*1\.fettle"/,
    );
    expect(existsSync(join(folder, "missing"))).toBe(false);
  });

  it("refuses what it cannot use", async () => {
    const refused = (destination: unknown, given: object = {}) =>
      refusal(() => modelCheckpoint(destination as string, given));
    const rule = "invalid_argument: destination must be a path or a function of bytes; received ";
    expect(await refused(5)).toBe(`${rule}5`);
    expect(await refused("")).toBe(`${rule}""`);
    expect(await refused("a", { saveFreq: "epoch" })).toBe(
      'invalid_argument: saveFreq must be a positive integer; received "epoch"',
    );
    expect(await refused("a", { saveBestOnly: 1 })).toMatch(/^invalid_argument: saveBestOnly must be/);
    expect(await refused("a", { optimizer: "adam" })).toMatch(/^invalid_argument: optimizer must be/);
    expect(await refused("a", { save_best_only: true })).toMatch(
      /^unknown_name: unknown option of modelCheckpoint "save_best_only"\. Did you mean "saveBestOnly"\?/,
    );
    const misnamed = modelCheckpoint(join(folder, "{val_loss}.fettle"));
    expect(await refusal(() => network().fit(x, noise, { callbacks: [misnamed] }))).toMatch(
      /^unknown_name: .* unknown number in a path "val_loss"\. Known: loss, epoch\.$/,
    );
    const { callback } = collector();
    expect(await refusal(() => callback.onEpochEnd?.(0, { loss: 0 }, {} as never))).toMatch(
      /^invalid_argument: the model of modelCheckpoint must be one that its fit trains; received undefined$/,
    );
    // @ts-expect-error a misspelt metric
    modelCheckpoint("a", { monitor: "valAcuracy" });
    modelCheckpoint<"valLargestError">("a", { monitor: "valLargestError" });
  });

  it("needs a function where there are no files", async () => {
    vi.spyOn(platform, "files", "get").mockReturnValue(undefined as never);
    expect(await refusal(() => modelCheckpoint("best.fettle"))).toBe(
      "unsupported: there are no files in node: destination must be a function of the bytes",
    );
    expect(() => modelCheckpoint(() => {})).not.toThrow();
  });
});
