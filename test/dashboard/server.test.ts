/** The server of a dashboard, over real HTTP: what it answers, and that it answers nothing to others. */
import { request } from "node:http";
import { createStudy, float, random, tune } from "fettle";
import { serveNode } from "fettle/serve/node";
import { memoryStorage, type StudyStorage } from "fettle/store";
import { afterEach, describe, expect, it } from "vitest";
import { runSource } from "../../src/dashboard/runSource.js";
import { dashboardServer } from "../../src/dashboard/server.js";
import type { Source } from "../../src/dashboard/source.js";
import { storageSource } from "../../src/dashboard/storageSource.js";
import type { DashboardEvent } from "../../src/dashboard/wire.js";

const KEY = "a key of this test";
const NAME = "<script>/../x";
const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server, and how it is called; `fetch` would not send another host or a path with dots. */
async function served(source: Source) {
  let hosts: readonly string[] = [];
  const files = new Map([["/index.html", new TextEncoder().encode("<!doctype html>")]]);
  const handler = dashboardServer({ source, key: KEY, files, hosts: () => hosts });
  const server = await serveNode(handler, { port: 0, closeTimeout: 100 });
  toClose.push(server.close);
  hosts = [`127.0.0.1:${server.port}`];
  const call = (path: string, { method = "GET", headers = {}, body }: Call = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = {
        method,
        path,
        port: server.port,
        host: "127.0.0.1",
        agent: false as const,
        headers: { authorization: `Bearer ${KEY}`, ...headers },
      };
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode as number, headers: response.headers, text }),
        );
      });
      sent.on("error", reject);
      sent.end(body);
    });
  return { call, port: server.port, url: server.url };
}

async function filled(): Promise<StudyStorage> {
  const storage = memoryStorage();
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
  const objective = ({ x }: { x: number }) => ({ value: x, curves: { loss: [[1, x]] } });
  await study.optimize(objective, { trials: 600 });
  study.ask();
  const kept = await storage.create(NAME, study.toJSON());
  await kept.keep("model.fettle", Uint8Array.of(1, 2, 3));
  return storage;
}

const PATH = `/api/studies/${encodeURIComponent(NAME)}`;

/** The events of a stream until one satisfies `isLast`. */
async function eventsOf(url: string, path: string, isLast: (event: DashboardEvent) => boolean) {
  const left = new AbortController();
  const response = await fetch(`${url}${path}/events`, {
    headers: { authorization: `Bearer ${KEY}` },
    signal: left.signal,
  });
  const found: DashboardEvent[] = [];
  let text = "";
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(bytes);
    const blocks = text.split("\n\n");
    text = blocks.pop() as string;
    for (const block of blocks) found.push(JSON.parse(block.slice("data: ".length)) as DashboardEvent);
    if (found.some(isLast)) break;
  }
  left.abort();
  return found;
}

describe("a storage", () => {
  it("names objectives as its study was told, and where it was not, by its flags", async () => {
    const storage = memoryStorage();
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
    const flags = { metric: ["accuracy"] };
    await storage.create("told", study.toJSON(), { metrics: ["logLoss"], command: { flags } });
    await storage.create("flags", study.toJSON(), { command: { flags } });
    await storage.create("neither", study.toJSON());
    const { url } = await served(storageSource(storage, "studies.db", false));
    for (const [name, metric] of Object.entries({ told: "logLoss", flags: "accuracy", neither: "value" })) {
      const [first] = await eventsOf(url, `/api/studies/${name}`, ({ type }) => type === "ready");
      expect(first.type === "about" && first.about.metrics).toEqual([metric]);
    }
  });

  it("says that a study has ended, and what its final model is worth, as its summary does", async () => {
    const storage = memoryStorage();
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
    await study.optimize(({ x }) => x, { trials: 3 });
    study.ask(); // its time was over while a trial ran
    const lead = { metric: "r2", difference: 0.2, interval: [0.1, 0.3] };
    const baselines = {
      rows: 50,
      metric: "r2",
      verdict: "final",
      ahead: { linear: lead, constant: lead },
      scores: { r2: { final: 0.75, interval: [0.7, 0.8], linear: 0.5, constant: 0 } },
    };
    const whole = { status: "finished", trials: 3, test: { r2: 0.75 }, baselines };
    const ended: Readonly<Record<string, [summary: unknown, phase: string | undefined, held?: unknown]>> = {
      whole: [
        whole,
        "done",
        {
          rows: 50,
          table: [
            ["metric", "this model", "95 % interval", "linear", "constant"],
            ["r2", "0.7500", "0.7000 to 0.8000", "0.5000", "0.0000"],
          ],
          notes: [
            "This model is better than a linear model: its r2 is 0.2 higher (95 % interval of the lead: 0.1 to 0.3).",
          ],
        },
      ],
      few: [
        { ...whole, baselines: undefined },
        "done",
        {
          table: [
            ["metric", "score"],
            ["r2", "0.7500"],
          ],
          notes: [],
        },
      ],
      stopped: [{ status: "interrupted", trials: 3, test: {} }, "interrupted"],
      goesOn: [{ status: "running" }, undefined],
      hasMore: [{ ...whole, trials: 2 }, undefined],
      damaged: [{ ...whole, baselines: { scores: 7 } }, "done"],
      none: [undefined, undefined],
    };
    const { url } = await served(storageSource(storage, "studies.db", false));
    for (const [name, [summary, phase, held]] of Object.entries(ended)) {
      const kept = await storage.create(name, study.toJSON());
      if (summary) await kept.keep("summary.json", new TextEncoder().encode(JSON.stringify(summary)));
      const [first] = await eventsOf(url, `/api/studies/${name}`, ({ type }) => type === "ready");
      if (first.type !== "about") throw new Error("about comes first");
      expect([name, first.about.phase, first.about.held]).toEqual([name, phase, held]);
    }
  });

  it("is listed, and its studies are sent in parts, what changes after them", async () => {
    const storage = await filled();
    const { call, url } = await served(storageSource(storage, "studies.db", false));
    expect(JSON.parse((await call("/api/studies")).text)).toEqual({
      source: "studies.db",
      canStart: false,
      studies: [{ name: NAME, trials: 601, finished: 600 }],
    });
    const kept = (await storage.open(NAME))!;
    const trials = await kept.trials();
    let changed = false;
    const events = await eventsOf(url, PATH, (event) => {
      if (event.type === "ready" && !changed) {
        changed = true;
        const told = { value: 7, std: null, seconds: null, status: "complete" } as const;
        void kept.tell({ ...told, number: 600, params: trials[600].params });
      }
      return (
        event.type === "trials" && event.trials[0].number === 600 && event.trials[0].status === "complete"
      );
    });
    const rows = events.flatMap((event) => (event.type === "trials" ? event.trials : []));
    expect(events[0].type).toBe("about");
    expect(rows.map(({ number }) => number)).toEqual([...trials.keys(), 600]);
    expect(rows[600].status).toBe("running");
    expect(rows[601].value).toBe(7);
    expect(Math.max(...events.map((event) => (event.type === "trials" ? event.trials.length : 0)))).toBe(250);
    expect(JSON.stringify(rows)).not.toContain("curve");
  });

  it("gives curves, artifacts and CSV", async () => {
    const storage = await filled();
    const { call } = await served(storageSource(storage, "studies.db", false));
    const { 3: curves, ...others } = JSON.parse((await call(`${PATH}/curves?trials=3,600`)).text);
    const x = Math.fround((await (await storage.open(NAME))!.trials())[3].params.x as number);
    expect([curves, others]).toEqual([
      [
        {
          name: "loss",
          unit: "epoch",
          points: [
            [1, 1],
            [2, x],
          ],
          count: 2,
        },
      ],
      { 600: [] },
    ]);
    const model = await call(`${PATH}/artifacts/model.fettle`);
    expect([model.text, model.headers["content-disposition"]]).toEqual(["\u0001\u0002\u0003", "attachment"]);
    const lines = (await call(`${PATH}/trials.csv`)).text.split("\n");
    expect([lines[0], lines.length]).toEqual(["number,status,value,std,seconds,x", 603]);
    for (const [count, status] of [
      [50, 200],
      [51, 400],
    ])
      expect((await call(`${PATH}/curves?trials=${Array.from({ length: count }, (_, i) => i)}`)).status).toBe(
        status,
      );
    expect((await call(`${PATH}/curves?trials=1,-1`)).status).toBe(400);
  });

  it("takes notes only where that was allowed", async () => {
    const storage = await filled();
    const body = JSON.stringify({ number: 3, text: "<b>", tags: ["keep"] });
    const reader = await served(storageSource(storage, "studies.db", false));
    expect((await reader.call(`${PATH}/notes`, { method: "PUT", body })).status).toBe(409);
    const writer = await served(storageSource(storage, "studies.db", true));
    expect((await writer.call(`${PATH}/notes`, { method: "PUT", body })).status).toBe(200);
    expect(await (await storage.open(NAME))!.notes()).toEqual([{ number: 3, text: "<b>", tags: ["keep"] }]);
    for (const action of ["pause", "cancel", "enqueue"])
      expect((await writer.call(`${PATH}/${action}`, { method: "POST", body })).status).toBe(409);
  });
});

describe("a run", () => {
  it("is sent as it goes, takes a point by hand, and ends early", async () => {
    let stop = (): void => {};
    const source = runSource({
      name: "run",
      metrics: ["height"],
      cancel: () => stop(),
    });
    const { call, url } = await served(source);
    let isHeld = true;
    const events = eventsOf(
      url,
      "/api/studies/run",
      (event) => event.type === "about" && event.about.phase === "done",
    );
    const result = tune({
      space: { x: float(0, 1) },
      direction: "minimize",
      trials: 40,
      strategy: random(),
      async objective({ x }) {
        while (isHeld) await new Promise((resolve) => setTimeout(resolve, 5));
        return x;
      },
      onEvent(event) {
        if (event.type === "studyStarted") stop = () => event.study.stop();
        source.onEvent(event);
      },
    });
    const outside = await call("/api/studies/run/enqueue", { method: "POST", body: '{"params":{"x":2}}' });
    expect([outside.status, outside.text.includes("x")]).toEqual([400, true]);
    const post = async (action: string, body?: string) =>
      (await call(`/api/studies/run/${action}`, { method: "POST", ...(body && { body }) })).status;
    expect(await post("pause")).toBe(200);
    isHeld = false;
    while ((await source.studies())[0].finished! < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await post("enqueue", '{"params":{"x":0.5}}')).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await source.studies())[0]).toEqual({ name: "run", trials: 1, finished: 1 });
    expect(await post("resume")).toBe(200);
    while ((await source.studies())[0].finished! < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await call("/api/studies/run/cancel", { method: "POST" })).status).toBeLessThan(410);
    const { trials } = await result;
    source.finish(new Map());
    const rows = (await events).flatMap((event) => (event.type === "trials" ? event.trials : []));
    const ended = rows.filter(({ status }) => status !== "running");
    expect(ended.map(({ number, value }) => [number, value])).toEqual(
      trials.map(({ number, value }) => [number, value]),
    );
    expect(trials[1].params.x).toBe(0.5);
    expect(rows.filter(({ given }) => given).map(({ number, status }) => [number, status])).toEqual([
      [1, "running"],
      [1, "complete"],
    ]);
    expect(await post("pause")).toBe(409);
  });
});

describe("attacks", () => {
  const every = ["/api/studies", `${PATH}/events`, `${PATH}/trials.csv`, `${PATH}/curves?trials=1`, "/api/x"];
  const attacks: readonly (readonly [string, Call, number])[] = [
    ["another key", { headers: { authorization: "Bearer another key of it" } }, 401],
    ["no key", { headers: { authorization: "" } }, 401],
    ["another name of the host (DNS rebinding)", { headers: { host: "evil.example:8080" } }, 403],
    ["the origin of another site", { headers: { origin: "https://evil.example" } }, 403],
    ["the origin null", { headers: { origin: "null" } }, 403],
    [
      "a fetch of another site",
      { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" } },
      403,
    ],
  ];
  it.each(attacks)("%s is refused everywhere", async (_, call, status) => {
    const server = await served(storageSource(await filled(), "studies.db", true));
    for (const path of every) expect([path, (await server.call(path, call)).status]).toEqual([path, status]);
    const write = { ...call, method: "PUT", body: '{"number":1,"text":"x","tags":[]}' };
    expect((await server.call(`${PATH}/notes`, write)).status).toBe(status);
  });

  it("paths lead to no file but those of the page", async () => {
    const { call } = await served(storageSource(memoryStorage(), "studies.db", true));
    expect((await call("/")).text).toBe("<!doctype html>");
    const paths = [
      "/../package.json",
      "/%2e%2e/package.json",
      "/..%2fpackage.json",
      "//etc/passwd",
      "/index.html/..",
      "/__proto__",
    ];
    for (const path of paths) {
      const { status, text } = await call(path);
      expect([path, [400, 404].includes(status) || text === "<!doctype html>"]).toEqual([path, true]);
      expect(text).not.toContain("devDependencies");
    }
    for (const path of [
      "/api/studies/%",
      "/api/studies/constructor/events",
      "/api/studies/a/__proto__",
      "/api",
    ])
      expect([path, (await call(path)).status]).toEqual([path, 404]);
  });

  it("a body that is huge, cut or deep is refused, and none is taken for another type", async () => {
    const { call } = await served(storageSource(await filled(), "studies.db", true));
    const put = async (body: string) => (await call(`${PATH}/notes`, { method: "PUT", body })).status;
    expect(await put(`"${"x".repeat(70_000)}"`)).toBe(413);
    expect(await put('{"number":')).toBe(400);
    expect(await put(`${"[".repeat(5000)}${"]".repeat(5000)}`)).toBe(400);
    expect(await put('{"number":1,"text":{},"tags":"x"}')).toBe(400);
    expect(await put('{"number":9999,"text":"x","tags":[]}')).toBe(409);
    expect((await call(PATH, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await call("/api/studies", { method: "POST" })).status).toBe(405);
    expect((await call("/", { method: "POST" })).status).toBe(405);
  });

  it("streams of events are bounded, and make room when they are left", async () => {
    const { url, call } = await served(storageSource(await filled(), "studies.db", true));
    const left = new AbortController();
    const open = () =>
      fetch(`${url}${PATH}/events`, { headers: { authorization: `Bearer ${KEY}` }, signal: left.signal });
    const streams = await Promise.all(Array.from({ length: 32 }, open));
    expect(streams.map(({ status }) => status)).toEqual(new Array(32).fill(200));
    expect((await call(`${PATH}/events`)).status).toBe(429);
    left.abort();
    await expect.poll(async () => (await eventsOf(url, PATH, () => true)).length > 0).toBe(true);
  });

  it("the thread alone may compile the kernels", async () => {
    const { call } = await served(storageSource(memoryStorage(), "studies.db", true));
    expect((await call("/analysis.js")).headers["content-security-policy"]).toContain(
      "script-src 'self' 'wasm-unsafe-eval';",
    );
  });

  it("every response forbids other sources, frames and caches", async () => {
    const { call } = await served(storageSource(memoryStorage(), "studies.db", true));
    for (const path of ["/", "/api/studies", "/nothing"]) {
      const { headers } = await call(path);
      expect(headers["content-security-policy"]).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'",
      );
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers["cache-control"]).toBe("no-store");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    }
  });
});
