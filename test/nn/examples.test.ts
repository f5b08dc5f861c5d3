/** The example of images: its settings are chosen on validation rows, and its figure is of test rows. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("examples/digits-cnn.ts: a small convolutional network reads 98 of 100 digits that it has not seen", () => {
  const output = execFileSync(
    process.execPath,
    [fileURLToPath(import.meta.resolve("tsx/cli")), "examples/digits-cnn.ts"],
    { cwd: fileURLToPath(new URL("../..", import.meta.url)), encoding: "utf8" },
  );
  const [, validation, test] =
    /^validation accuracy (0\.\d{4}) with .*\ntest accuracy (0\.\d{4}), from/.exec(output) ?? [];
  // the same bits everywhere: 0.9861 and 0.9833; three of the 360 test rows are left for other bits of later releases
  expect(Number(validation)).toBeGreaterThan(0.975);
  expect(Number(test)).toBeGreaterThan(0.975);
}, 240_000);
