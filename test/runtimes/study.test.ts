/**
 * The study of the matrix on the two runtimes that are always there: Node, with any number of threads, and
 * workerd. `npm run test:runtimes` brings it to the others. Needs `dist/`.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createTuner, restoreTuner } from "fettle";
import { beforeAll, expect, it } from "vitest";
import { cases } from "../cases.js";
import { digestsOf, partsOf } from "./program/study.js";
import { runWorkerd, startWorkerd } from "./workerd.js";

/** For ten seconds of computing, on a machine that may be busy. */
const PATIENCE = 240_000;
const program = fileURLToPath(new URL("program", import.meta.url));

interface Report {
  readonly runtime: string;
  readonly digests: Readonly<
    Record<"trials" | "weights" | "scores" | "predictions" | "ensemble" | "layers" | "training", string>
  >;
}

async function onNode(jobs: number): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, ["main.js", String(jobs)], { cwd: program });
  return JSON.parse(stdout) as Report;
}

let alone: Report;
beforeAll(async () => {
  alone = await onNode(1);
}, PATIENCE);

it("digests something on Node", () => {
  expect(alone.runtime).toBe("node");
  const digests = Object.values(alone.digests);
  for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(digests).size).toBe(7);
});

// the long form has two as well
it.each(cases(1) > 1 ? [2, 3] : [3])(
  "comes to the same bits on %i threads",
  { timeout: PATIENCE },
  async (jobs) => {
    expect((await onNode(jobs)).digests).toEqual(alone.digests);
  },
);

it("comes to the same bits on workerd", { timeout: PATIENCE }, async () => {
  const { runtime, digests } = (await runWorkerd(program)) as Report;
  expect(runtime).toBe("workerd");
  expect(digests).toEqual(alone.digests);
});

it("comes to the same bits where it goes from Node to workerd and back", { timeout: PATIENCE }, async () => {
  const worker = await startWorkerd(join(program, "relay.js"));
  const csv = readFileSync(new URL("../../examples/data/wine.csv", import.meta.url), "utf8");
  try {
    const results = [];
    for (const [part, options] of partsOf(csv).entries()) {
      let tuner = await createTuner(options);
      let visits = 0;
      // 97 steps at a time end within trainings
      for (await tuner.advance({ steps: 97 }); !tuner.result; await tuner.advance({ steps: 97 })) {
        const url = `http://localhost/?part=${part}&steps=97`;
        const answer = await worker.dispatchFetch(url, { method: "POST", body: tuner.save() });
        tuner = await restoreTuner(new Uint8Array(await answer.arrayBuffer()), options);
        visits++;
      }
      expect(visits).toBeGreaterThan(5);
      results.push(tuner.result);
    }
    const { trials, weights, scores } = alone.digests;
    expect(await digestsOf(results)).toEqual({ trials, weights, scores });
  } finally {
    await worker.dispose();
  }
});
