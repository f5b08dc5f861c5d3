/**
 * A study in a page of Chromium, without a bundler: from the import until its answer. The page takes the time
 * and sends it to the server that it came from, so nothing drives the browser.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { text } from "node:stream/consumers";
import { check } from "../../src/errors.js";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".csv": "text/csv",
};

const PAGE = `<!doctype html><script type="module">
const began = performance.now();
const { adam, dense, encodeTable, float, int, random, readTable, sequential, tune } = await import("/dist/browser/index.js");
const text = await (await fetch("/examples/data/wine.csv")).text();
const { trials } = await tune({
  data: encodeTable(readTable(text), { target: "cultivar" }),
  trials: 20,
  strategy: random(),
  fit: { epochs: 20 },
  testSize: 0.2,
  space: { units: int(8, 64, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) },
  model: ({ units, learningRate }) => {
    const model = sequential([dense(units, { activation: "relu" }), dense(3, { activation: "softmax" })]);
    model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
    return model;
  },
});
await fetch("/took", { method: "POST", body: JSON.stringify({ trials: trials.length, took: performance.now() - began }) });
</script>`;

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
];
const PATIENCE_MS = 60_000;

/**
 * Milliseconds of 20 trials in a page.
 *
 * @param root - of a build
 * @throws FettleError `invalid_argument` without Chromium, or if the page sends nothing
 */
export async function pageTime(root: string): Promise<number> {
  const { CHROMIUM = "/usr/bin/chromium" } = process.env;
  check(
    existsSync(CHROMIUM),
    () => `Chromium must be installed; set CHROMIUM to its path, received ${CHROMIUM}`,
  );
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url as string, "http://page");
    if (request.method === "POST") server.emit("took", await text(request));
    const path = join(root, normalize(pathname));
    const type = TYPES[extname(path)];
    if (pathname === "/") return void response.setHeader("content-type", "text/html").end(PAGE);
    if (type === undefined || !existsSync(path)) return void response.writeHead(404).end();
    response.setHeader("content-type", type).end(readFileSync(path));
  });
  const profile = mkdtempSync(join(tmpdir(), "bench-page-"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const words = [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`];
  const chromium = spawn(CHROMIUM, words, { stdio: "ignore" });
  try {
    const [answer] = await once(server, "took", { signal: AbortSignal.timeout(PATIENCE_MS) });
    const { trials, took } = JSON.parse(answer);
    check(trials === 20, () => `the page must run 20 trials; received ${trials}`);
    return took;
  } finally {
    chromium.kill();
    server.close();
    server.closeAllConnections();
    await (chromium.exitCode ?? once(chromium, "exit"));
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
