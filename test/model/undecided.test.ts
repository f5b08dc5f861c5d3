/** A prediction that is not a number has no class, by no way that gives classes. */
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../../src/model/save.js";
import { dense } from "../../src/nn/layers/index.js";
import { type ModelContents, writeContents } from "../../src/predict/description.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { VERSION } from "../../src/version.js";
import { fettle, folder } from "../cli/fettle.js";
import { refusal } from "../nn/support.js";
import { column, messageOf, moduleOf } from "./export/modules.js";
import { contentsFrom } from "./export/tables.js";

/** Of a row of 2, two sums are infinite, and their difference is no number; that of a row of 0 is 0. */
function contentsWith(classes: readonly string[]): ModelContents {
  const contents = contentsFrom({
    columns: [column("a", "number")],
    classes,
    targets: ["y"],
    options: { scale: "none" },
    layers: [dense(2)],
    threshold: 0.5,
    seed: 1,
  });
  const tensors = Object.fromEntries(
    Object.entries(contents.tensors).map(([name, { data, shape }]) => {
      const sign = (i: number) => (shape.length < 2 ? 0 : shape[0] === 1 || i < data.length / 2 ? 1 : -1);
      return [name, { shape, data: Float32Array.from(data, (_, i) => 3e38 * sign(i)) }];
    }),
  );
  return { ...contents, tensors };
}
const rows = [{ a: 0 }, { a: 2 }];
const message = "predictions of classes must be numbers; received NaN";

describe.each([
  ["two classes", ["no", "yes"]],
  ["three classes", ["a", "b", "c"]],
])("of %s", (_, classes) => {
  let [contents, bytes] = [{} as ModelContents, new Uint8Array()];
  beforeAll(() => {
    contents = contentsWith(classes);
    bytes = writeContents(contents, VERSION);
  });

  it("is refused by a model and a predictor, with the row", async () => {
    for (const model of [await loadModel(bytes), await loadPredictor(bytes)]) {
      const expected = `invalid_data: ${message} for row 1`;
      expect(await refusal(() => model.classify(rows))).toBe(expected);
      expect(await refusal(() => model.answers(rows))).toBe(expected);
      expect(model.classify(rows.slice(0, 1))).toEqual([classes[0]]);
    }
  });

  it("is refused by an exported module", async () => {
    const module = await moduleOf(contents);
    expect(messageOf(() => module.predict(rows[1]))).toBe(message);
    expect(module.predict(rows[0])).toMatchObject({ class: classes[0] });
  });

  it("is refused by the command, with the line", async () => {
    const place = folder({ "model.fettle": bytes, "rows.csv": "a\n0\n2\n" });
    const { code, stderr } = await fettle(["predict", "model.fettle", "rows.csv"], place);
    expect(stderr).toContain(`${message} for "rows.csv": line 3`);
    expect(code).toBe(2);
  });
});
