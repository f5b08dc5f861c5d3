/**
 * The program in browsers, in a page without a bundler under a policy that forbids to make code from strings.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".csv": "text/csv",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
  ".wasm": "application/wasm",
};
/** `nonce-page` is for the import map. */
const POLICY = "default-src 'self'; script-src 'self' 'nonce-page' 'wasm-unsafe-eval'";

/**
 * Serves a folder for as long as `use` takes.
 *
 * @param {string} folder
 * @param {(origin: string) => Promise<T>} use
 * @template T
 */
export async function serving(folder, use) {
  const server = createServer(async ({ url }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
    try {
      const body = await readFile(join(folder, path));
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://localhost:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Waits for the report of a page of either driver, or for its first error. */
export async function reportOf(page, url) {
  const broken = new Promise((_, reject) => page.on("pageerror", reject));
  const reported = page.goto(url).then(() => page.evaluate("reported"));
  return Promise.race([reported, broken]);
}

/** What Chromium asks of root, and what keeps it from using the network. */
export const CHROMIUM_FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
