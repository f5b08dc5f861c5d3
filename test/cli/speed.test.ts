/** How fast this machine trains, in milliseconds, and the rows of trials that follow, by flags and cores. */
import { Command } from "commander";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { speedOf } from "../../src/cli/pace.js";
import { define } from "../../src/cli/tune.js";
import type { TuneFlags } from "../../src/cli/tuneFlags.js";
import { readSetup } from "../../src/cli/tuneSetup.js";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { platform } from "../../src/platform/node.js";
import { folder } from "./fettle.js";

/** Trainings take a second, and 0.2048 s more an epoch: 0.1 ms for each of 2,048 rows. */
const seen = vi.hoisted(() => ({ epochs: [] as number[], rows: [] as number[] }));
vi.mock("../../src/tune/tune.js", () => ({
  tune({ fit, validation }: { fit: { epochs: number }; validation: { train: Int32Array }[] }) {
    seen.epochs.push(fit.epochs);
    seen.rows.push(validation[0].train.length);
    return { trials: [{ seconds: 1 + 0.2048 * fit.epochs }] };
  },
}));
beforeAll(() => {
  vi.spyOn(performance, "now").mockReturnValue(500);
  vi.spyOn(platform, "parallelism").mockReturnValue(2);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterAll(() => void vi.restoreAllMocks());

const text = `a,y\n${Array.from({ length: 20_000 }, (_, i) => `${i % 97},${i % 2 ? "p" : "q"}`).join("\n")}\n`;

it("is measured by the difference of two trainings", async () => {
  const speed = await speedOf(encodeTable(readTable(text), { target: "y" }), {});
  expect(speed?.train).toBeCloseTo(0.1, 12);
  expect(speed?.prepare).toBe(0); // by a clock that stands still
  expect(seen).toEqual({ epochs: [1, 4], rows: [2048, 2048] });
});

// of 120 s, 550 ms are over or for printing, and a final fit of 25 epochs on 16,000 rows takes 40 s; in the
// rest, 8 trials on 0.8 of their rows, at 2.5 ms a row
const used = (jobs: number) => Math.floor((jobs * (120_000 - 550 - 40_000)) / (8 * 0.8 * 2.5));
it.each([
  ["--jobs 1", used(1)],
  ["--jobs 2", used(2)],
  ["--jobs 64", used(2)], // on two cores
  ["--jobs -1", used(2)],
  ["--jobs 1 --search-rows 30", 30],
  ["--jobs 1 --validation kFold --folds 5", undefined],
])("with %s, trials use %i rows", async (words, rows) => {
  const path = `${folder({ "data.csv": text })}/data.csv`;
  let flags: TuneFlags | undefined;
  const command = new Command();
  define(command, () => {});
  command.action((_file: string, given: TuneFlags) => {
    flags = given;
  });
  const all = [path, "--target", "y", "--seconds", "120", ...words.split(" ")];
  await command.parseAsync(all, { from: "user" });
  expect((await readSetup(path, flags as TuneFlags)).searchRows).toBe(rows);
});
