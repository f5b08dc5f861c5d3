/**
 * From a table to predictions served by workerd, as README of the Cloudflare example does it. Needs `dist/`.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { loadPredictor } from "../../src/predict/predictor.js";
import { cases } from "../cases.js";
import { attack } from "../serve/models/attack.js";
import { passenger, passengers, TOKEN } from "../serve/models/support.js";
import { startWorkerd } from "./workerd.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
// within the repository, from where `fettle` resolves
const folder = mkdtempSync(join(root, "test/runtimes/tmp-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("serves on workerd what the command line tuned, and is refused without the token", async () => {
  const out = join(folder, "tuned");
  const words = [
    "tune",
    "examples/data/iris.csv",
    "--target",
    "species",
    "--trials",
    "2",
    "--epochs",
    "5",
    "--out",
    out,
  ];
  expect(spawnSync(process.execPath, ["bin/fettle.js", ...words], { cwd: root }).status).toBe(0);
  copyFileSync(join(root, "examples/cloudflare/src/predict.ts"), join(folder, "predict.ts"));
  const token = "a secret of 16 characters or more";
  const worker = await startWorkerd(join(folder, "predict.ts"), {
    bindings: { FETTLE_TOKEN: token },
    compatibilityDate: "2026-04-01",
  });
  try {
    const rows = [
      { sepal_length_cm: 5.1, sepal_width_cm: 3.5, petal_length_cm: 1.4, petal_width_cm: 0.2 },
      { sepal_length_cm: 6.7, sepal_width_cm: 3, petal_length_cm: 5.2, petal_width_cm: 2.3 },
    ];
    const ask = (headers: Record<string, string>) =>
      worker.dispatchFetch("http://localhost/predict", {
        method: "POST",
        headers,
        body: JSON.stringify(rows),
      });
    const json = { "content-type": "application/json" };
    expect((await ask(json)).status).toBe(401);
    const response = await ask({ ...json, authorization: `Bearer ${token}` });
    const predictor = await loadPredictor(readFileSync(join(out, "model.fettle")));
    expect(await response.json()).toEqual({ predictions: predictor.answers(rows) });
  } finally {
    await worker.dispose();
  }
});

it("answers thousands of requests on workerd, a third malformed, or says why not", async () => {
  const source = `import { modelServer } from "fettle/serve";
import model from "./passengers.fettle";
const serve = modelServer(new Uint8Array(model), { token: "${TOKEN}", maxBytes: 20_000, maxRows: 50 });
export default { fetch: (request) => serve(request) };`;
  writeFileSync(join(folder, "attacked.js"), source);
  writeFileSync(join(folder, "passengers.fettle"), passengers.bytes());
  const worker = await startWorkerd(join(folder, "attacked.js"));
  try {
    const ask = async (body: string): Promise<[number, unknown]> => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
      const response = await worker.dispatchFetch("http://localhost/predict", {
        method: "POST",
        headers,
        body,
      });
      return [response.status, await response.json()];
    };
    const predictor = await loadPredictor(passengers.bytes());
    expect(await attack(ask, predictor, cases(170))).toEqual([200, 400, 413, 422]);
    expect(await ask(JSON.stringify(passenger))).toEqual([
      200,
      { predictions: JSON.parse(JSON.stringify(predictor.answers(passenger))) },
    ]);
  } finally {
    await worker.dispose();
  }
});
