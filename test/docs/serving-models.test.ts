/** The server of docs/serving-models.md on the built package, as the page has it: answers, refusals, and large bodies. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { saveModel } from "../../src/model/save.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/sequential.js";
import { blockWith, root } from "./blocks.js";

const file = join(root, `serving-models-${process.pid}.tmp.mjs`);
const folder = mkdtempSync(join(tmpdir(), "fettle-serving-models-"));
const FETTLE_TOKEN = "a secret of some length";

let server: ChildProcess;
let origin: string;
beforeAll(async () => {
  writeFileSync(file, blockWith("docs/serving-models.md", "createServer").code);
  const model = sequential([dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit([[0], [1]], [1, 3]);
  model.setWeights({ "dense_1.kernel": [[2]], "dense_1.bias": [1] });
  writeFileSync(join(folder, "model.fettle"), saveModel(model));
  const env = { ...process.env, FETTLE_TOKEN, PORT: "0" };
  server = spawn(process.execPath, [file], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(server.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  origin = `http://localhost:${/port (\d+)/.exec(String(line))?.[1]}`;
});
afterAll(() => {
  server.kill("SIGKILL");
  rmSync(file);
  rmSync(folder, { recursive: true });
});

const predict = (body: string) =>
  fetch(`${origin}/predict`, {
    ...{ method: "POST", body },
    headers: { authorization: `Bearer ${FETTLE_TOKEN}`, "content-type": "application/json" },
  });

it("predicts, and refuses what is malformed, unauthorized or too long, request after request", async () => {
  expect((await fetch(`${origin}/schema`)).status).toBe(401);
  expect((await fetch(`${origin}/health`)).status).toBe(200);
  for (let i = 0; i < 50; i++) {
    const [good, malformed, wrong, long] = await Promise.all(
      [`{ "x0": ${i} }`, "{", '{ "x0": "heavy" }', `"${"x".repeat(2 ** 21)}"`].map(predict),
    );
    expect(await good.json()).toEqual({ predictions: [{ y0: 2 * i + 1 }] });
    expect([malformed.status, wrong.status, long.status]).toEqual([400, 422, 413]);
  }
});
