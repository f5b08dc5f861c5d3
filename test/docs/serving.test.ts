/** The server of docs/serving.md on the built package, killed and started again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { StudyStatus } from "../../src/serve/record.js";
import { FETTLE_TOKEN, PageServer } from "./servers.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-serving-"));
const server = new PageServer("docs/serving.md", folder);
afterAll(() => {
  server.remove();
  rmSync(folder, { recursive: true });
});

const ask = (path = "", init: RequestInit = {}) =>
  fetch(`${server.origin}/studies/iris${path}`, {
    ...init,
    headers: { authorization: `Bearer ${FETTLE_TOKEN}` },
  });

it("runs a study to its end, though it is killed in the middle", async () => {
  await server.start();
  expect((await fetch(`${server.origin}/studies/iris`)).status).toBe(401);
  const body = JSON.stringify({ trials: 8, epochs: 5 });
  expect((await ask("", { method: "POST", body })).status).toBe(201);
  let seen = "";
  const events = (await ask("/events")).body as unknown as AsyncIterable<Uint8Array>;
  for await (const chunk of events) {
    seen += new TextDecoder().decode(chunk);
    if (seen.split("event: trial").length > 3) break;
  }
  await server.end();
  await server.start();
  // It goes on when it is asked for, and the last event is that it is done.
  const rest = await (await ask("/events")).text();
  const last = JSON.parse(rest.trim().split("data: ").at(-1) as string) as StudyStatus;
  expect(last).toMatchObject({ id: "iris", phase: "done", trials: 8, finished: 8 });
  const { best, weights } = (await (await ask("/result")).json()) as { best: number[]; weights: object };
  expect(best).toContain(last.best?.number);
  expect(Object.keys(weights)).toContain("dense_1.kernel");
  expect(await server.end("SIGTERM")).toBe(0);
});
