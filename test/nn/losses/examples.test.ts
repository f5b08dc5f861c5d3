/** The examples of losses: what they show, on seeds that their settings were not chosen on. */
import { expect, it } from "vitest";
import { runExample } from "../../runExample.js";

/** The first numbers of the lines that an example prints, by the words before and after them. */
async function means(name: string, line: RegExp): Promise<number[]> {
  const output = await runExample(name);
  return output
    .trim()
    .split("\n")
    .map((each) => Number(line.exec(each)?.[1]));
}

it("examples/imbalanced-f1.ts: softF1 has a better F1 than the cross-entropy, and than a balanced one", async () => {
  const [plain, balanced, soft] = await means(
    "imbalanced-f1",
    /^F1 (0\.\d{3}), from 0\.\d{3} to 0\.\d{3}, with \{/,
  );
  expect(soft).toBeGreaterThan(plain + 0.05);
  expect(soft).toBeGreaterThan(balanced);
  expect(plain).toBeGreaterThan(0.3);
});

it("examples/distillation.ts: a small network learns more from a larger one's predictions than from labels", async () => {
  const [larger, labels, predictions] = await means(
    "distillation",
    /: (0\.\d{3}), from 0\.\d{3} to 0\.\d{3}/,
  );
  expect(predictions).toBeGreaterThan(labels + 0.04);
  expect(larger).toBeGreaterThan(predictions);
  expect(larger).toBeGreaterThan(0.95);
  expect(labels).toBeGreaterThan(0.75);
});
