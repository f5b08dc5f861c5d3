/** The server of docs/serving.md on the built package, killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { StudyStatus } from "../../src/serve/record.js";
import { blockWith, root } from "./blocks.js";

const file = join(root, `serving-${process.pid}.tmp.mjs`);
writeFileSync(file, blockWith("docs/serving.md", "createServer").code);
const folder = mkdtempSync(join(tmpdir(), "fettle-serving-"));
const FETTLE_TOKEN = "a secret of some length";

let server: ChildProcess;
let origin: string;
async function start(): Promise<void> {
  const env = { ...process.env, FETTLE_TOKEN, PORT: "0" };
  server = spawn(process.execPath, [file], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(server.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  origin = `http://localhost:${/port (\d+)/.exec(String(line))?.[1]}/studies/iris`;
}
async function kill(): Promise<void> {
  server.kill("SIGKILL");
  await once(server, "exit");
}

afterAll(() => {
  server.kill("SIGKILL");
  rmSync(file);
  rmSync(folder, { recursive: true });
});

const ask = (path = "", init: RequestInit = {}) =>
  fetch(origin + path, { ...init, headers: { authorization: `Bearer ${FETTLE_TOKEN}` } });

it("runs a study to its end, though it is killed in the middle", async () => {
  await start();
  expect((await fetch(origin)).status).toBe(401);
  const body = JSON.stringify({ trials: 8, epochs: 5 });
  expect((await ask("", { method: "POST", body })).status).toBe(201);
  let seen = "";
  const events = (await ask("/events")).body as unknown as AsyncIterable<Uint8Array>;
  for await (const chunk of events) {
    seen += new TextDecoder().decode(chunk);
    if (seen.split("event: trial").length > 3) break;
  }
  await kill();
  await start();
  // It goes on when it is asked for, and the last event is that it is done.
  const rest = await (await ask("/events")).text();
  const last = JSON.parse(rest.trim().split("data: ").at(-1) as string) as StudyStatus;
  expect(last).toMatchObject({ id: "iris", phase: "done", trials: 8, finished: 8 });
  const { best, weights } = (await (await ask("/result")).json()) as { best: number[]; weights: object };
  expect(best).toContain(last.best?.number);
  expect(Object.keys(weights)).toContain("dense_1.kernel");
});
