/**
 * What a request for a prediction of one row costs a server of Node: microseconds of its processor time,
 * beside those of a plain server of `node:http` around the same predictor. Other work on the machine changes
 * the figures and hardly the ratio.
 *
 *     npm run bench:serve                    # half a minute
 *     npm run bench:serve -- --rounds 15 --requests 10000
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { positive } from "../flags.js";
import { median } from "../measure.js";
import { REQUEST, SERVER_NAMES, type ServerName } from "./requests.js";

const { values: options } = parseArgs({
  options: {
    /** Turns of each server. */
    rounds: { type: "string", default: "7" },
    /** Requests of a turn. */
    requests: { type: "string", default: "4000" },
  },
});
const rounds = positive("rounds", options.rounds);
const requests = positive("requests", options.requests);
/** Connections that are kept open, each with one request at a time. */
const CONNECTIONS = 8;

interface Server {
  readonly name: ServerName;
  readonly process: ChildProcess;
  readonly port: number;
  /** Microseconds a request, by round. */
  readonly costs: number[];
}

const servers = await Promise.all(SERVER_NAMES.map(start));
try {
  for (const server of servers) await turn(server); // for just-in-time compilers
  for (let round = 0; round < rounds; round++)
    for (const server of servers) server.costs.push(await turn(server));
} finally {
  for (const server of servers) server.process.disconnect();
}
const [plain] = servers;
console.log(`${"server".padEnd(28)}µs a request   times plain`);
for (const { name, costs } of servers) {
  const times = median(costs.map((cost, i) => cost / plain.costs[i]));
  console.log(`${name.padEnd(28)}${median(costs).toFixed(1).padStart(12)}${times.toFixed(2).padStart(14)}`);
}

async function start(name: ServerName): Promise<Server> {
  const program = fileURLToPath(new URL("server.ts", import.meta.url));
  const child = fork(program, [name]);
  const [port] = await once(child, "message");
  return { name, process: child, port, costs: [] };
}

/** Microseconds of processor time a request. */
async function turn({ process, port }: Server): Promise<number> {
  const before = await processorTime(process);
  const each = Math.ceil(requests / CONNECTIONS);
  await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port, each)));
  return ((await processorTime(process)) - before) / (each * CONNECTIONS);
}

async function processorTime(process: ChildProcess): Promise<number> {
  process.send("how much?");
  const [microseconds] = await once(process, "message");
  return microseconds;
}

/** Sends requests one after another on one connection. */
function ask(port: number, count: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write(REQUEST);
  let text = "";
  let left = count;
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      if (!isWhole(text)) return;
      if (!text.startsWith("HTTP/1.1 200")) reject(new Error(text));
      text = "";
      left--;
      if (left > 0) socket.write(REQUEST);
      else socket.end(resolve);
    });
  });
}

function isWhole(text: string): boolean {
  const body = text.indexOf("\r\n\r\n") + 4;
  const length = /^content-length: (\d+)/im.exec(text)?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : body > 3 && text.length >= body + Number(length);
}
