import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { createProgressBar } from "../../src/cli/progress.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import { type BestTrial, makeRecord } from "../../src/search/trial/trial.js";

/** A stream that records its text, and is a terminal or not. */
function recorder(isTTY: boolean): { stream: NodeJS.WritableStream; written(): string } {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 80 }), written: () => text };
}

const record = makeRecord({ number: 0, params: {} }, { value: 0.75 }) as BestTrial;

const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "maximize" });
const started = { type: "studyStarted", study, trials: 4, finished: 0 } as const;

/** A study of 4 trials of which one has ended. */
async function play(stream: NodeJS.WritableStream): Promise<void> {
  const bar = createProgressBar(stream, "accuracy");
  bar.update(started);
  bar.update({ type: "trialEnded", record, best: record });
  await bar.shown();
  bar.stop();
  bar.stop();
}

describe("the progress bar", () => {
  it("is drawn on a terminal and removed again", async () => {
    const { stream, written } = recorder(true);
    await play(stream);
    expect(written()).toContain("0/4");
    expect(written()).toContain("1/4");
    expect(written()).toContain("best accuracy 0.7500");
    expect(written().endsWith("\u001b[2K")).toBe(true); // "erase the line" comes last
    const lines = written().split("\u001b[1G").map(stripVTControlCharacters);
    // Three columns are left free, so that the ^C that a terminal writes breaks no line.
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(77);
  });

  it("is silent without a terminal", async () => {
    const { stream, written } = recorder(false);
    await play(stream);
    expect(written()).toBe("");
  });

  it("waits for the introduction, with what happens meanwhile, and does not come back once it was removed", async () => {
    const { stream, written } = recorder(true);
    let kept = (): void => {};
    const introduce = () =>
      new Promise<void>((resolve) => {
        kept = resolve;
      });
    const bar = createProgressBar(stream, "accuracy", introduce);
    bar.update(started);
    bar.update({ type: "trialEnded", record, best: record });
    await Promise.resolve();
    expect(written()).toBe("");
    kept();
    await bar.shown();
    bar.stop();
    expect(written()).toContain("1/4");
    const removed = createProgressBar(stream, "accuracy", introduce);
    removed.update(started);
    removed.stop();
    await Promise.resolve();
    const before = written();
    kept();
    await removed.shown();
    expect(written()).toBe(before);
  });

  it("is not drawn where the introduction fails", async () => {
    const { stream, written } = recorder(true);
    const bar = createProgressBar(stream, "accuracy", () => Promise.reject(new Error("the disk is full")));
    bar.update(started);
    bar.update({ type: "trialEnded", record, best: record });
    await bar.shown();
    bar.stop();
    expect(written()).toBe("");
  });
});
