/**
 * `fettle dashboard`: serves a page about the studies of a storage or a host, to this machine only, until
 * Ctrl-C.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { hostSource } from "../dashboard/hostSource.js";
import { dashboardServer } from "../dashboard/server.js";
import type { Source } from "../dashboard/source.js";
import { storageSource } from "../dashboard/storageSource.js";
import { check, FettleError, messageOf, must } from "../errors.js";
import { serveNode } from "../serve/node/server.js";
import { defineCommand } from "./command.js";
import { readText } from "./files.js";
import { type FlagsOf, flagOf, names, PORT, text, turnOn } from "./flags.js";
import { untilStopped } from "./interrupt.js";
import { withStorage } from "./storageFile.js";
import { note } from "./streams.js";

const DASHBOARD = {
  storage: text("<where>", "the storage of fettle tune --storage"),
  url: text("<address>", "or the address of a server that uses fettle/serve"),
  token: text("<secret>", "the token of the host"),
  tokenFile: text("<file>", "or a file that contains it, so that other users of this machine do not see it"),
  study: names("<names>", "studies of the host, separated by commas, if the host does not list them"),
  port: PORT,
  edit: turnOn("allow notes, tags, and commands such as pause if the host supports them"),
  open: turnOn("open a browser"),
};
type DashboardFlags = FlagsOf<typeof DASHBOARD>;

export const define = defineCommand({
  description:
    "Serve a page that shows studies while they run: history, curves, trials, and comparisons. It prints " +
    "an address that contains a key; only this machine can open it. It runs no trial.",
  flags: DASHBOARD,
  after: `Examples:
  fettle dashboard --storage studies.db
  fettle dashboard --storage studies.db --edit --open
  fettle dashboard --url https://tuning.example --token-file token --study first
  fettle tune data.csv --target y --watch`,
  run,
});

async function run(flags: DashboardFlags): Promise<void> {
  const { storage: path, url, edit = false } = flags;
  check((path === undefined) !== (url === undefined), "one of --storage and --url must be given");
  for (const flag of ["token", "tokenFile", "study"] as const)
    check(
      path === undefined || flags[flag] === undefined,
      () => `${flagOf(flag)} needs --url, the address of a host`,
    );
  if (path === undefined) return show(remote(url as string, flags), flags);
  return withStorage(path, edit ? "use" : "look", (storage) =>
    show(storageSource(storage, path, edit), flags),
  );
}

function remote(url: string, { token, tokenFile, study = [], edit }: DashboardFlags): Source {
  must(/^https?:\/\/[^/]/.test(url), "--url", "an address that begins with https:// or http://", url);
  check((token === undefined) !== (tokenFile === undefined), "--url needs --token or --token-file");
  const secret = token ?? readText(tokenFile as string).trim();
  return hostSource({ url, token: secret, studies: study, mayWrite: edit === true });
}

async function show(source: Source, { port, open }: DashboardFlags): Promise<void> {
  const { url, close } = await openDashboard(source, port);
  await untilStopped(() => {
    note(`The dashboard is at ${url}\nPress Ctrl-C to close it.`);
    if (open) openBrowser(url);
  }, close);
}

/** A dashboard that is served. */
export interface OpenDashboard {
  /** With its key. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves a dashboard to this machine. @throws FettleError `invalid_state` if the port is taken */
export async function openDashboard(source: Source, port: number): Promise<OpenDashboard> {
  const key = randomBytes(24).toString("base64url");
  let hosts: readonly string[] = [];
  const handler = dashboardServer({
    source,
    key,
    files: pageFiles(),
    hosts: () => hosts,
    onError: (error) => note(`error: ${messageOf(error)}`),
  });
  const server = await serveNode(handler, { port, closeTimeout: 1000, maxBodyBytes: 2 ** 17 });
  hosts = ["127.0.0.1", "localhost"].map((name) => `${name}:${server.port}`);
  return { url: `${server.url}/#key=${key}`, close: server.close };
}

/** The files of the page by path, and the kernels, which its thread loads. */
function pageFiles(): ReadonlyMap<string, Uint8Array> {
  const folder = new URL("../dashboard/page/", import.meta.url);
  const read = (path: string, url: URL) => [path, readFileSync(url)] as const;
  try {
    return new Map([
      ...readdirSync(folder).map((name) => read(`/${name}`, new URL(name, folder))),
      read("/wasm/kernels.wasm", new URL("../../wasm/kernels.wasm", import.meta.url)),
    ]);
  } catch (cause) {
    throw new FettleError("internal", "the page of the dashboard is missing; run npm run build", { cause });
  }
}

/** Opens the address in the browser of this user; without one, the address was printed. */
export function openBrowser(url: string): void {
  const [program, ...words] =
    process.platform === "darwin"
      ? ["open"]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", ""]
        : ["xdg-open"];
  const child = spawn(program, [...words, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
