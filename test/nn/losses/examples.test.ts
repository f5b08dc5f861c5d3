/** The examples of losses: what they show, on seeds that their settings were not chosen on. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** The first numbers of the lines that an example prints, by the words before and after them. */
function means(name: string, line: RegExp): number[] {
  const output = execFileSync(
    process.execPath,
    [fileURLToPath(import.meta.resolve("tsx/cli")), `examples/${name}.ts`],
    { cwd: fileURLToPath(new URL("../../..", import.meta.url)), encoding: "utf8" },
  );
  return output
    .trim()
    .split("\n")
    .map((each) => Number(line.exec(each)?.[1]));
}

it("examples/imbalanced-f1.ts: softF1 has a better F1 than the cross-entropy, and than a balanced one", () => {
  const [plain, balanced, soft] = means(
    "imbalanced-f1",
    /^F1 (0\.\d{3}), from 0\.\d{3} to 0\.\d{3}, with \{/,
  );
  expect(soft).toBeGreaterThan(plain + 0.05);
  expect(soft).toBeGreaterThan(balanced);
  expect(plain).toBeGreaterThan(0.3);
});

it("examples/distillation.ts: a small network learns more from a larger one's predictions than from labels", () => {
  const [larger, labels, predictions] = means("distillation", /: (0\.\d{3}), from 0\.\d{3} to 0\.\d{3}/);
  expect(predictions).toBeGreaterThan(labels + 0.04);
  expect(larger).toBeGreaterThan(predictions);
  expect(larger).toBeGreaterThan(0.95);
  expect(labels).toBeGreaterThan(0.75);
});
