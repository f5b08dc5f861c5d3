/**
 * What `fit` prints: nothing unless asked, lines on the console, and a bar where standard error is a
 * terminal.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { bar, Progress } from "../../../src/nn/callbacks/progress.js";
import { dense } from "../../../src/nn/layers/index.js";
import { cases } from "../../cases.js";
import { compiled, randomRows, refusal, weightsOf } from "../support.js";

const x = randomRows(100, 2, 1);
const y = x.map(([a, b]) => a - b);
const model = () => compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });

afterEach(() => void vi.restoreAllMocks());

/**
 * What is printed from now on: lines of the console, and what a terminal is given. The clock moves by `tick`
 * with each look.
 */
function listen(columns?: number, tick = 0) {
  const lines: string[] = [];
  const written: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
  const write = (text: string) => void written.push(text);
  vi.spyOn(platform as Required<typeof platform>, "terminal").mockReturnValue(
    columns === undefined ? undefined : { columns, write },
  );
  let now = 0;
  vi.spyOn(platform, "now").mockImplementation(() => {
    now += tick;
    return now;
  });
  const pass = (milliseconds: number): void => {
    now += milliseconds;
  };
  return { lines, written, pass };
}

/**
 * The screen's line after texts that begin with a carriage return or go on, of which some clear the rest of
 * the line.
 */
function shown(written: readonly string[]): string {
  let line = "";
  let at = 0;
  const text = written.join("").replaceAll("\u001b[K", "⌫");
  for (const [part] of text.matchAll(/\r|⌫|[^\r⌫]+/g)) {
    if (part === "\r") at = 0;
    else if (part === "⌫") line = line.slice(0, at);
    else {
      line = line.slice(0, at) + part + line.slice(at + part.length);
      at += part.length;
    }
  }
  return line;
}

describe("fit", () => {
  it("prints nothing unless it is asked", async () => {
    const { lines, written } = listen(80, 1000);
    await model().fit(x, y, { epochs: 2 });
    await model().fit(x, y, { epochs: 2, verbose: 0 });
    expect([lines, written]).toEqual([[], []]);
  });

  it("prints a line an epoch, with the numbers of the history", async () => {
    const { lines, written, pass } = listen(80);
    const callbacks = [{ onBatchEnd: () => pass(100) }]; // two batches
    const options = { epochs: 2, batchSize: 40, validationSplit: 0.2, verbose: 2, callbacks } as const;
    const { history } = await model().fit(x, y, options);
    expect(lines).toEqual(
      [0, 1].map(
        (i) =>
          `Epoch ${i + 1}/2 - 0.2 s - loss: ${history.loss[i].toFixed(4)} - valLoss: ${history.valLoss[i].toFixed(4)}`,
      ),
    );
    expect(written).toEqual([]);
  });

  it("prints the same lines with 1 where there is no terminal", async () => {
    const printed = async (verbose: 1 | 2) => {
      const { lines, written } = listen(undefined, 10);
      await model().fit(x, y, { epochs: 3, verbose });
      expect(written).toEqual([]);
      return lines;
    };
    expect(await printed(1)).toEqual(await printed(2));
  });

  it.each([1, 2] as const)("trains to the same bits with verbose: %i", async (verbose) => {
    const [quiet, loud] = [model(), model()];
    const options = { epochs: 3, batchSize: 7 };
    const { history } = await quiet.fit(x, y, options);
    listen(60, 70);
    expect((await loud.fit(x, y, { ...options, verbose })).history).toEqual(history);
    expect(weightsOf(loud)).toEqual(weightsOf(quiet));
  });

  it("draws a bar on a terminal, and removes it before anything else is printed", async () => {
    const { lines, written } = listen(60, 150);
    const screens: string[] = [];
    const watch = { onEpochEnd: () => void screens.push(shown(written)) };
    await model().fit(x, y, { epochs: 2, batchSize: 10, verbose: 1, callbacks: [watch] });
    expect(lines.length).toBe(2);
    expect(screens).toEqual(["", ""]);
    expect(shown(written)).toBe("");
    const bars = written.filter((text) => text.includes("█"));
    expect(bars.length).toBeGreaterThan(4);
    expect(shown(bars.slice(0, 1))).toMatch(/^Epoch 1\/2 █+░+ \d\/10 - loss: \d\.\d{4}$/);
  });

  it("has no bar of a dataset whose number of batches is unknown", async () => {
    const batches = [0, 40, 80].map((i) => ({ x: x.slice(i, i + 40), y: y.slice(i, i + 40) }));
    const { lines, written } = listen(60, 101);
    const { history } = await model().fitDataset(batches, { verbose: 1 });
    expect(lines[0]).toContain(`loss: ${history.loss[0].toFixed(4)}`);
    const counted = written.map((text) => /^\rEpoch 1\/1 ([█░]* ?\d\/.) - loss/.exec(text)?.[1]);
    expect(counted).toEqual(["1/?", "2/?", "3/?", undefined]);
    written.length = 0;
    await model().fitDataset(batches, { verbose: 1, batchesPerEpoch: 3 });
    expect(written[0]).toContain("░ 1/3 - loss");
  });

  it("leaves a clean line when a callback fails", async () => {
    const { written } = listen(60, 150);
    const fail = { onBatchEnd: (batch: number) => void (batch === 5 && expect.fail("no")) };
    await refusal(() => model().fit(x, y, { batchSize: 10, verbose: 1, callbacks: [fail] }));
    expect(written.some((text) => text.includes("█"))).toBe(true);
    expect(shown(written)).toBe("");
  });

  it.each([true, "bar", 3, null])("refuses verbose: %s", async (verbose) => {
    expect(await refusal(() => model().fit(x, y, { verbose: verbose as never }))).toMatch(
      /^invalid_argument: verbose must be 0, 1 or 2; received /,
    );
  });
});

describe("a bar", () => {
  it("never fills a line, however narrow, long or strange it is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.double(),
        (columns, steps, loss) => {
          const { written } = listen(columns, 101);
          const progress = new Progress(platform, 1, 1e6, steps);
          progress.begin();
          for (let done = 1; done <= 3; done++) progress.step(999_999, done, { loss });
          for (const text of written)
            expect(shown([text]).length).toBeLessThanOrEqual(Math.max(0, columns - 3));
          expect(written.length).toBe(Math.min(3, steps - 1));
          progress.clear();
          expect(shown(written)).toBe("");
          vi.restoreAllMocks();
        },
      ),
      { numRuns: cases(100) },
    );
  });

  it("fills its share", () => {
    expect([0, 0.24, 0.5, 1, 2].map((share) => bar(share, 4))).toEqual([
      "░░░░",
      "█░░░",
      "██░░",
      "████",
      "████",
    ]);
  });
});
