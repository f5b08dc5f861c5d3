/** The studies of a host, by what it answers. */
import { expect, it } from "vitest";
import { eventsIn, hostSource } from "../../src/dashboard/hostSource.js";
import type { DashboardEvent } from "../../src/dashboard/wire.js";

const record = (number: number, value: number) => ({
  number,
  value,
  params: { x: value },
  std: null,
  seconds: null,
  status: "complete",
});
const status = {
  id: "a",
  phase: "running",
  settings: {},
  steps: 1,
  finished: 2,
  trials: 9,
  best: record(1, 5),
};

const told = {
  space: { x: { type: "float", low: 0, high: 9 } },
  strategy: "tpe",
  seed: 4,
  directions: ["maximize"],
  metrics: ["accuracy"],
};

/**
 * A host of one study, and the requests that it was sent.
 *
 * @param definition - what it says that the study searches
 */
function host(definition?: unknown) {
  const requests: string[] = [];
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { pathname } = new URL(String(url));
    requests.push(`${init?.method} ${pathname} ${new Headers(init?.headers).get("authorization")}`);
    if (pathname === "/x/studies/a") return Response.json(status);
    if (pathname === "/x/studies" && definition) return Response.json({ studies: ["a", 7], next: "a" });
    if (pathname === "/x/studies/a/definition" && definition) return Response.json(definition);
    if (pathname === "/x/studies/a/trials") return Response.json([record(0, 3), record(1, 5)]);
    if (pathname === "/x/studies/a/events")
      return new Response(
        `event: trial\ndata: ${JSON.stringify(record(3, 1))}\n\nevent: trial\ndata: ${JSON.stringify(record(2, 4))}\n\n`,
      );
    if (pathname === "/x/studies/a/pause")
      return Response.json({ error: { message: "it is done" } }, { status: 409 });
    return Response.json({}, { status: 404 });
  };
  const studies = definition ? [] : ["a"];
  const options = { url: "https://host.example/x//", token: "secret", studies, mayWrite: true };
  return { source: hostSource({ ...options, fetch }), requests };
}

it("is read with its token, and its best trial tells which values are better", async () => {
  const { source, requests } = host();
  expect(await source.studies()).toEqual([{ name: "a", trials: 9, finished: 2 }]);
  const study = (await source.open("a"))!;
  const events: DashboardEvent[] = [];
  const stop = study.follow(
    (event) => events.push(event),
    () => {},
  );
  await expect.poll(() => events.filter(({ type }) => type === "trials").length).toBe(3);
  stop();
  const abouts = events.flatMap((event) => (event.type === "about" ? [event.about] : []));
  expect(abouts.at(-1)).toMatchObject({
    directions: ["maximize"],
    phase: "running",
    actions: ["pause", "cancel"],
    budget: 9,
  });
  const rows = events.flatMap((event) => (event.type === "trials" ? event.trials : []));
  expect(rows.map(({ number }) => number)).toEqual([0, 1, 3, 2]);
  expect(requests).toContain("GET /x/studies/a/events Bearer secret");
  await expect(study.command!("pause")).rejects.toThrow("the host answered: it is done");
  expect(await source.open("b")).toBeUndefined();
});

it("shows a trial that ends once the others are read, and closes the events when it stops", async () => {
  const readers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { pathname } = new URL(String(url));
    if (pathname === "/studies/a") return Response.json(status);
    if (pathname === "/studies/a/trials") {
      const event = `event: trial\ndata: ${JSON.stringify(record(1, 5))}\n\n`;
      for (const reader of readers) reader.enqueue(new TextEncoder().encode(event));
      return Response.json([record(0, 3)]);
    }
    if (pathname !== "/studies/a/events") return Response.json({}, { status: 404 });
    const start = (reader: ReadableStreamDefaultController<Uint8Array>): void => {
      readers.add(reader);
      init?.signal?.addEventListener("abort", () => {
        readers.delete(reader);
        reader.error(init.signal?.reason);
      });
    };
    return new Response(new ReadableStream({ start }));
  };
  const study = (await hostSource({
    url: "https://host.example",
    token: "",
    studies: ["a"],
    mayWrite: false,
    fetch,
  }).open("a"))!;
  const seen: number[] = [];
  const errors: unknown[] = [];
  const stop = study.follow(
    (event) => event.type === "trials" && seen.push(...event.trials.map(({ number }) => number)),
    (error) => errors.push(error),
  );
  await expect.poll(() => seen).toEqual([0, 1]);
  stop();
  await expect.poll(() => readers.size).toBe(0);
  expect(errors).toEqual([]);
});

it("does not show the trials of a deleted study in another one with its name", async () => {
  let trials = [record(0, 3), record(1, 5)];
  const fetch = async (url: string | URL | Request): Promise<Response> => {
    const { pathname } = new URL(String(url));
    if (pathname === "/studies/a") return Response.json({ ...status, finished: trials.length });
    if (pathname === "/studies/a/trials") return Response.json(trials);
    return Response.json({}, { status: 404 });
  };
  const source = hostSource({ url: "https://host.example", token: "", studies: [], mayWrite: false, fetch });
  const valuesOf = async () => (await (await source.open("a"))!.trials()).map(({ value }) => value);
  const before = (await source.open("a"))!;
  expect(await valuesOf()).toEqual([3, 5]);
  trials = [record(0, 7)];
  const events: DashboardEvent[] = [];
  before.follow(
    (event) => events.push(event),
    () => {},
  );
  expect(await valuesOf()).toEqual([7]);
  await expect.poll(() => events).toEqual([{ type: "gone" }]);
});

/** What a dashboard first knows of the study of a host. */
async function aboutOf(source: ReturnType<typeof hostSource>) {
  const events: DashboardEvent[] = [];
  const study = (await source.open("a"))!;
  const stop = study.follow(
    (event) => events.push(event),
    () => {},
  );
  await expect.poll(() => events.some(({ type }) => type === "ready")).toBe(true);
  stop();
  return events.flatMap((event) => (event.type === "about" ? [event.about] : []))[0];
}

it("is listed by the host, which tells what it searches", async () => {
  const { source } = host(told);
  expect(await source.studies()).toEqual([{ name: "a", trials: 9, finished: 2 }]);
  expect(await aboutOf(source)).toMatchObject(told);
});

it("lists all studies of a host that has pages of them, and asks of few at a time", async () => {
  const all = Array.from({ length: 2345 }, (_, i) => `s${String(i).padStart(5, "0")}`);
  let asked: string[] = [];
  const fetch = async (url: string | URL | Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(String(url));
    if (pathname !== "/studies") {
      asked.push(pathname.slice("/studies/".length));
      return Response.json({ ...status, finished: asked.length });
    }
    const [limit, after] = [Number(searchParams.get("limit")), searchParams.get("after") ?? ""];
    const rest = all.filter((name) => name > after);
    const studies = rest.slice(0, limit);
    return Response.json({ studies, ...(rest.length > limit && { next: studies.at(-1) }) });
  };
  const source = hostSource({ url: "https://host.example", token: "", studies: [], mayWrite: false, fetch });
  const seen = new Set<string>();
  for (let look = 0; look < 24; look++) {
    asked = [];
    const cards = await source.studies();
    expect(cards.map(({ name }) => name)).toEqual(all);
    expect(asked.length).toBe(100);
    for (const name of asked) seen.add(name);
    expect(cards.filter((card) => "finished" in card).length).toBe(seen.size);
  }
  expect(seen.size).toBe(all.length); // each had its turn
  all.splice(1);
  expect((await source.studies()).length).toBe(1);
});

it.each([
  ["no space", { ...told, space: null }],
  ["a space that is none", { ...told, space: { x: { type: "float", low: 3, high: 1 } } }],
  ["a direction that is none", { ...told, directions: ["up"] }],
])("is shown as well where the host tells of %s", async (_, definition) => {
  const { source } = host(definition);
  expect(await aboutOf(source)).toMatchObject({ space: {}, strategy: "", directions: ["maximize"] });
});

it("sends events whose bytes may be cut anywhere", async () => {
  const bytes = new TextEncoder().encode('event: status\ndata: {"a":"é: 名"}\n\ndata: [1]\n\n: nothing\n\n');
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const found = [];
  for await (const event of eventsIn(new Response(body))) found.push(event);
  expect(found).toEqual([
    { event: "status", data: { a: "é: 名" } },
    { event: "message", data: [1] },
  ]);
});
