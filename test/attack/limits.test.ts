/**
 * More than a server allows: refused before any work, with both figures; and nothing is kept of what was
 * deleted. Needs `dist/`.
 */
import { describe, expect, it, vi } from "vitest";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { int } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { type ServerOptions, serveStudies } from "../../src/serve/server.js";
import { memoryStorage } from "../../src/store/memory.js";
import { cases } from "../cases.js";
import { ask, options, read, refusalOf, served, TOKEN, tunerFor } from "../serve/support.js";
import { refusal, x, y } from "../tune/support.js";
import { StudyProcess } from "./support/studies.js";

const body = { trials: 50, strategy: "random" };
/** Slices that never begin, so that studies stay as they are. */
const still = { background: true, tuner: options.tuner } as const;

describe("a study", () => {
  /** A server of studies of some trials over a space of some units. */
  const wide = (most: number, more: object = {}, limits: object = {}) =>
    serveStudies({
      ...limits,
      token: TOKEN,
      storage: memoryStorage(),
      background: false,
      settings: { trials: int(1, 1_000_000_000_000) },
      tuner: ({ trials }: { trials: number }) => ({
        x,
        y,
        trials,
        space: { units: int(1, most, { log: true }) },
        validation: { folds: 2 },
        model: ({ units }: { units: number }) => {
          const model = sequential([dense(units), dense(1, { activation: "sigmoid" })]);
          model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
          return model;
        },
        ...more,
      }),
    });

  it.each([10_001, 1_000_000_000_000])("of %i trials is refused", async (trials) => {
    expect(await refusalOf(ask(wide(4).fetch, "POST /studies/a", { body: { trials } }))).toEqual([
      422,
      "limit_exceeded",
      `trials must be at most 10000; received ${trials}. The server's limit is maxTrials`,
    ]);
    expect((await ask(wide(4).fetch, "GET /studies/a")).status).toBe(404);
  });

  it("of as many points as a grid has is refused, though it sets no trials", async () => {
    const { fetch } = serveStudies({
      token: TOKEN,
      storage: memoryStorage(),
      background: false,
      tuner: () => {
        const { trials: _, ...rest } = tunerFor({ trials: 1, strategy: "random" });
        return { ...rest, space: { learningRate: int(1, 20_000) }, strategy: grid() } as never;
      },
    });
    const [status, , message] = await refusalOf(ask(fetch, "POST /studies/a"));
    expect([status, message]).toEqual([422, expect.stringContaining("received 20000")]);
  });

  it("of a million units is refused before any memory is taken, with the bytes that it needs", async () => {
    const before = process.memoryUsage();
    const [status, code, message] = await refusalOf(
      ask(wide(1_000_000).fetch, "POST /studies/a", { body: { trials: 3 } }),
    );
    const after = process.memoryUsage();
    expect([status, code]).toEqual([422, "memory_limit"]);
    const [, most, needed] = /at most (\d+) bytes; received a space whose largest model needs (\d+)/.exec(
      message,
    ) as RegExpExecArray;
    expect(Number(most)).toBe(512 * 2 ** 20);
    // x · 3 weights and a bias, and one weight out, each with its gradient and two slots of Adam: 80 MB; and
    // the activations
    expect(Number(needed)).toBeGreaterThan(Math.max(80e6, Number(most)));
    expect(Number(needed)).toBeLessThan(20e9);
    expect(after.rss - before.rss).toBeLessThan(100e6);
    expect((await ask(wide(1000).fetch, "POST /studies/a", { body: { trials: 3 } })).status).toBe(201);
  });

  it("whose single trial needs too much fails that trial, with the figures, and goes on", async () => {
    // the point where all numbers are largest does not exist, so the size is known only trial by trial
    const { fetch } = wide(
      100_000,
      {
        constraint: ({ units }: { units: number }) => units < 100_000,
        enqueue: [{ units: 90_000 }, { units: 2 }],
      },
      { maxStudyMemory: 2 ** 24 },
    );
    await read(ask(fetch, "POST /studies/a", { body: { trials: 2 } }));
    let phase: unknown;
    do ({ phase } = await read(ask(fetch, "POST /studies/a/advance")));
    while (phase === "running");
    const trials = await read<{ status: string; error?: string }[]>(ask(fetch, "GET /studies/a/trials"));
    expect(phase).toBe("done");
    expect(trials.map(({ status }) => status)).toEqual(["failed", "complete"]);
    expect(trials[0].error).toMatch(/memory limit reached: \d+ bytes are needed, the limit is 16777216/);
  });
});

describe("studies", () => {
  const start = (fetch: (request: Request) => Promise<Response>, id: string) =>
    ask(fetch, `POST /studies/${id}`, { body });
  const slow = (more: Partial<ServerOptions<never, never>>) =>
    served({ ...still, sliceSteps: 1, sliceMilliseconds: 1, ...(more as object) });

  it("that run are at most as many as may, and another runs once one is paused, done or deleted", async () => {
    const { fetch } = slow({ maxRunning: 2 });
    for (const id of ["a", "b"]) expect((await start(fetch, id)).status).toBe(201);
    for (const id of ["c", "d"]) {
      const refused = await start(fetch, id);
      expect(refused.headers.get("retry-after")).toBe("10");
      const [status, code, message] = await refusalOf(Promise.resolve(refused));
      expect([status, code]).toEqual([429, "limit_exceeded"]);
      expect(message).toContain(
        "running studies must be at most 2; received one more. Wait until one has ended",
      );
      expect((await ask(fetch, `GET /studies/${id}`)).status).toBe(404);
    }
    expect((await start(fetch, "a")).status).toBe(200);
    await read(ask(fetch, "POST /studies/a/pause"));
    expect((await start(fetch, "c")).status).toBe(201);
    expect((await ask(fetch, "POST /studies/a/resume")).status).toBe(429);
    expect((await ask(fetch, "DELETE /studies/b")).status).toBe(204);
    expect((await ask(fetch, "POST /studies/a/resume")).status).toBe(200);
    for (const id of ["a", "c"]) await ask(fetch, `DELETE /studies/${id}`);
  });

  it("that run need no more memory than they may together", async () => {
    const { fetch } = slow({ maxMemory: 50_000 });
    let started = 0;
    let refused: Response;
    do refused = await start(fetch, `s${started}`);
    while (refused.status === 201 && ++started < 30);
    const [status, code, message] = await refusalOf(Promise.resolve(refused));
    expect([status, code, refused.headers.get("retry-after")]).toEqual([503, "memory_limit", "10"]);
    const [, each, others] =
      /at most 50000 bytes; received a study that needs (\d+), in addition to (\d+)/.exec(
        message,
      ) as RegExpExecArray;
    expect(started).toBeGreaterThan(1);
    expect(started).toBe(Math.floor(50_000 / Number(each)));
    expect(Number(others)).toBe(started * Number(each));
    for (let i = 0; i < started; i++) await ask(fetch, `DELETE /studies/s${i}`);
  });

  it("in the storage are at most as many as may, and a start that is refused leaves nothing", async () => {
    const storage = memoryStorage();
    const { fetch } = served({ storage, maxStudies: 3 });
    for (const id of ["a", "b", "c"]) expect((await start(fetch, id)).status).toBe(201);
    const [status, code, message] = await refusalOf(start(fetch, "d"));
    expect([status, code]).toEqual([507, "limit_exceeded"]);
    expect(message).toContain("studies must be at most 3; received one more than the 3 in the storage");
    expect((await ask(fetch, "DELETE /studies/a")).status).toBe(204);
    expect((await start(fetch, "d")).status).toBe(201);
    expect([...(await storage.names())].sort()).toEqual(["b", "c", "d"]);
  });

  it("started at the same time are no more than may run", async () => {
    const { fetch } = slow({ maxRunning: 5 });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => start(fetch, `s${i}`)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBe(5);
    expect(statuses.filter((status) => status === 429).length).toBe(15);
    for (let i = 0; i < statuses.length; i++) await ask(fetch, `DELETE /studies/s${i}`);
  });
});

describe("requests", () => {
  it("are at most as many in a second as may", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const { fetch } = served({ maxRequestsPerSecond: 20 });
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(fetch, "GET /studies/a")));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(40);
    expect(refused[0].headers.get("retry-after")).toBe("1");
    expect((await refusalOf(Promise.resolve(refused[0])))[2]).toContain(
      "requests must be at most 20 a second; received more",
    );
    now += 1000 / 20;
    expect((await ask(fetch, "GET /studies/a")).status).toBe(404);
    expect((await ask(fetch, "GET /studies/a")).status).toBe(429);
    vi.restoreAllMocks();
  });

  it("of strangers count for nothing", async () => {
    const { fetch } = served({ maxRequestsPerSecond: 1 });
    for (let i = 0; i < 20; i++)
      expect((await ask(fetch, "GET /studies/a", { headers: { authorization: "Bearer x" } })).status).toBe(
        401,
      );
    expect((await ask(fetch, "GET /studies/a")).status).toBe(404);
  });

  it("that wait are at most as many as may, each no longer than it may, and hold up no study for long", async () => {
    const storage = memoryStorage();
    const { fetch } = served({ storage, background: true, maxRequests: 4, maxRequestMilliseconds: 1000 });
    await read(ask(fetch, "POST /studies/a", { body: { ...body, trials: 4 } }));
    const endless = () => new ReadableStream({ pull: () => new Promise<void>(() => {}) });
    const slow = Array.from({ length: 4 }, () =>
      fetch(
        new Request("https://example.com/studies/b", {
          method: "POST",
          headers: { authorization: `Bearer ${TOKEN}` },
          body: endless(),
          duplex: "half",
        } as RequestInit),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [status, , message] = await refusalOf(ask(fetch, "GET /studies/a"));
    expect([status, message]).toEqual([503, expect.stringContaining("must be at most 4; received one more")]);
    for (const answer of await Promise.all(slow)) {
      const [status, code, message] = await refusalOf(Promise.resolve(answer));
      expect([status, code]).toEqual([503, "limit_exceeded"]);
      expect(message).toContain("a request must be answered within 1000 milliseconds");
    }
    let phase: unknown;
    do ({ phase } = await read(ask(fetch, "GET /studies/a")));
    while (phase === "running");
    expect(phase).toBe("done");
  });

  it("for events are at most a hundred a study", async () => {
    const { fetch } = served();
    await read(ask(fetch, "POST /studies/a", { body }));
    const streams = [];
    for (let i = 0; i < 100; i++) streams.push(await ask(fetch, "GET /studies/a/events"));
    expect((await ask(fetch, "GET /studies/a/events")).status).toBe(429);
    await streams[0].body?.cancel();
    expect((await ask(fetch, "GET /studies/a/events")).status).toBe(200);
  });
});

describe("limits", () => {
  it.each([
    ...["maxTrials", "maxStudyMemory", "maxStudies", "maxRunning", "maxMemory", "maxRequests"],
    ...["maxRequestsPerSecond", "maxRequestMilliseconds"],
  ])("%s must be a positive integer or Infinity", async (name) => {
    for (const value of [0, -1, 1.5, Number.NaN, "5", null]) {
      const given = { ...options, [name]: value } as unknown as typeof options;
      expect(await refusal(() => serveStudies(given))).toBe(
        `invalid_argument: ${name} must be a positive integer, or Infinity for no limit; received ${JSON.stringify(value) === "null" && value !== null ? "NaN" : JSON.stringify(value)}`,
      );
    }
    expect(typeof served({ [name]: Number.POSITIVE_INFINITY }).fetch).toBe("function");
  });
});

it("keeps nothing of studies that were deleted", async () => {
  const server = await StudyProcess.start("memory", "", { maxRunning: 1000 });
  try {
    const round = async (name: string) => {
      const ids = Array.from({ length: 9 }, (_, i) => `${name}${i}`);
      const settings = { trials: 1000, epochs: 20, units: 64, strategy: "random" };
      for (const id of ids) await server.read(`POST ${id}`, settings);
      await server.read("POST done", { ...settings, trials: 3 });
      await server.ended("done");
      for (const id of [...ids, "done"]) expect((await server.ask(`DELETE ${id}`)).status).toBe(204);
    };
    await round("first"); // what compilers and caches keep
    const before = await server.memory();
    for (let i = 0; i < cases(1); i++) await round(`r${i}-`);
    const after = await server.memory();
    const [heap, arrays] = [after.heapUsed - before.heapUsed, after.arrayBuffers - before.arrayBuffers];
    console.log(
      `after ${cases(1)} × 10 studies: heap ${(heap / 1e6).toFixed(1)} MB, buffers ${(arrays / 1e6).toFixed(1)} MB more`,
    );
    expect(heap).toBeLessThan(10e6);
    expect(arrays).toBeLessThan(10e6);
  } finally {
    await server.kill();
  }
});
