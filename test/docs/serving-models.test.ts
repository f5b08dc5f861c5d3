/**
 * The server of docs/serving-models.md on the built package, as the page has it: answers, refusals, and large
 * bodies.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { saveModel } from "../../src/model/save.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { FETTLE_TOKEN, PageServer } from "./servers.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-serving-models-"));
const server = new PageServer("docs/serving-models.md", folder);
beforeAll(async () => {
  const model = sequential([dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit([[0], [1]], [1, 3]);
  model.setWeights({ "dense_1.kernel": [[2]], "dense_1.bias": [1] });
  writeFileSync(join(folder, "model.fettle"), saveModel(model));
  await server.start();
});
afterAll(() => {
  server.remove();
  rmSync(folder, { recursive: true });
});

const predict = (body: string) =>
  fetch(`${server.origin}/predict`, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${FETTLE_TOKEN}`, "content-type": "application/json" },
  });

it("predicts, and refuses what is malformed, unauthorized or too long, request after request", async () => {
  expect((await fetch(`${server.origin}/schema`)).status).toBe(401);
  expect((await fetch(`${server.origin}/health`)).status).toBe(200);
  for (let i = 0; i < 50; i++) {
    const [good, malformed, wrong, long] = await Promise.all(
      [`{ "x0": ${i} }`, "{", '{ "x0": "heavy" }', `"${"x".repeat(2 ** 21)}"`].map(predict),
    );
    expect(await good.json()).toEqual({ predictions: [{ y0: 2 * i + 1 }] });
    expect([malformed.status, wrong.status, long.status]).toEqual([400, 422, 413]);
  }
});
