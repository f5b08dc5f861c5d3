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

/** A study of 4 trials of which one has ended. */
function play(stream: NodeJS.WritableStream): void {
  const bar = createProgressBar(stream, "accuracy");
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "maximize" });
  bar.update({ type: "studyStarted", study, trials: 4, finished: 0 });
  bar.update({ type: "trialEnded", record, best: record });
  bar.stop();
  bar.stop();
}

describe("the progress bar", () => {
  it("is drawn on a terminal and removed again", () => {
    const { stream, written } = recorder(true);
    play(stream);
    expect(written()).toContain("0/4");
    expect(written()).toContain("1/4");
    expect(written()).toContain("best accuracy 0.7500");
    expect(written().endsWith("\u001b[2K")).toBe(true); // "erase the line" comes last
    const lines = written().split("\u001b[1G").map(stripVTControlCharacters);
    // Three columns are left free, so that the ^C that a terminal writes breaks no line.
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(77);
  });

  it("is silent without a terminal", () => {
    const { stream, written } = recorder(false);
    play(stream);
    expect(written()).toBe("");
  });
});
