/**
 * What tuning may cost a Worker, where a host allows 128 MB and 10 ms at a time; measured on workerd, which
 * enforces neither. Memory is what V8 says of the isolate, asked by its inspector every 20 ms between slices:
 * the size of its heap, garbage and free space too, and the array buffers and WebAssembly memories beside it;
 * memories are also counted one by one, and added once more, since not every V8 counts them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerOf, startWorkerd } from "./workerd.js";

const entry = fileURLToPath(new URL("bounded-worker.js", import.meta.url));
const peerEntry = fileURLToPath(new URL("peer-worker.js", import.meta.url));
const MOST_MEMORY = 64e6;
/**
 * What processors spend from a request to the answer after a first step, over what TensorFlow.js takes right
 * after it, since machines differ by more than a bound in milliseconds could allow for; the median of so many
 * pairs.
 */
const MOST_COLD = 0.75;
const PAIRS = 15;
const ASK_EVERY = 20;
/**
 * What processors spend on a request that restores a tuning, goes on and saves, the mean of many, over the
 * same step of TensorFlow.js.
 */
const MOST_REQUEST = 0.25;

/**
 * @returns {Promise<string>} what was found
 * @throws Error if it is over a bound
 */
export async function checkBounds() {
  const own = [];
  const peers = [];
  while (own.length < PAIRS) {
    own.push(await withWorker(entry, {}, coldStart));
    peers.push(await withWorker(peerEntry, { mayGenerate: true }, coldStart));
  }
  const ratio = median(own.map((cold, pair) => cold / peers[pair]));
  must(
    ratio <= MOST_COLD,
    `the first step takes ${own.map(Math.round).join(", ")} ms, and TensorFlow.js' ${peers.map(Math.round).join(", ")}`,
  );
  const { tuned, memory, asked, request } = await withWorker(
    entry,
    { inspectorPort: 0 },
    tuneUnderInspection,
  );
  const { trials, slices, kernels, bytes } = tuned;
  must(trials === 50, `it did ${trials} trials, not 50`);
  must(asked > 20, `the memory was seen ${asked} times only`);
  must(
    memory + kernels <= MOST_MEMORY,
    `it takes ${megabytes(memory)} and ${megabytes(kernels)} of memories`,
  );
  const idle = slices.slice(0, -1).filter(({ steps }) => steps < 1);
  must(idle.length === 0, `${idle.length} of ${slices.length} slices of 10 ms made no progress`);
  const times = slices.map(({ took }) => took);
  const peer = median(peers);
  must(
    request <= MOST_REQUEST * peer,
    `to restore, make 30 steps and save takes ${request.toFixed(1)} ms, and TensorFlow.js' first step ${peer.toFixed(0)}`,
  );
  return [
    `50 trials in ${slices.length} slices of 10 ms (median ${median(times)} ms, longest ${Math.max(...times)} ms), each with progress`,
    `from ${bytes} bytes through 30 steps to bytes in ${request.toFixed(1)} ms, ${(request / peer).toFixed(3)} × TensorFlow.js' first step`,
    `at most ${megabytes(memory)} in ${asked} looks, with ${megabytes(kernels)} of WebAssembly`,
    `first step after ${median(own).toFixed(0)} ms, ${ratio.toFixed(2)} × TensorFlow.js' (medians of ${PAIRS} pairs)`,
  ].join("; ");
}

const HOST = "http://localhost";

const coldStart = async (worker) => (await timed(worker, "/step")).time;

/** An answer, and what it took of processors; by the clock where that is not counted. */
async function timed(worker, path) {
  const before = processorTime();
  const began = performance.now();
  const answer = await answerOf(worker, HOST + path);
  return {
    answer,
    time: before === undefined ? performance.now() - began : processorTime() - before,
  };
}

/**
 * Milliseconds that all threads of workerd have had of processors, as Linux counts them; undefined elsewhere.
 */
function processorTime() {
  if (!existsSync("/proc/self/task")) return undefined;
  const read = (...path) => readFileSync(join("/proc", ...path), "utf8");
  const threads = (pid) => readdirSync(join("/proc", pid, "task"));
  const children = threads("self").flatMap((thread) =>
    read("self", "task", thread, "children").trim().split(" "),
  );
  const workerd = children.find((pid) => pid && read(pid, "comm").trim() === "workerd");
  const nanoseconds = threads(workerd).map((thread) =>
    Number(read(workerd, "task", thread, "schedstat").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

async function tuneUnderInspection(worker) {
  const { host } = await worker.getInspectorURL();
  // Node 20 has no WebSocket of its own.
  const { WebSocket } = createRequire(import.meta.resolve("miniflare"))("ws");
  const socket = new WebSocket(`ws://${host}/core:user:`);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  const seen = [];
  socket.on("message", (text) => {
    const { totalSize, embedderHeapUsedSize, backingStorageSize } = JSON.parse(text).result ?? {};
    if (totalSize !== undefined) seen.push(totalSize + embedderHeapUsedSize + backingStorageSize);
  });
  let id = 0;
  const ask = () => socket.send(JSON.stringify({ id: id++, method: "Runtime.getHeapUsage" }));
  const asking = setInterval(ask, ASK_EVERY);
  try {
    const tuned = await answerOf(worker, `${HOST}/tune`);
    const { answer: requests, time } = await timed(worker, "/resume");
    return { tuned, memory: Math.max(...seen), asked: seen.length, request: time / requests };
  } finally {
    clearInterval(asking);
    socket.terminate();
  }
}

async function withWorker(module, options, use) {
  const worker = await startWorkerd(module, options);
  try {
    await worker.ready;
    return await use(worker);
  } finally {
    await worker.dispose();
  }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function must(condition, message) {
  if (!condition) throw new Error(message);
}
