/** Ask and tell over HTTP: the trials of one process at any number of clients, whichever are lost, and whenever the server is. */
import { fc } from "@fast-check/vitest";
import {
  asha,
  createStudy,
  float,
  halving,
  int,
  medianStopping,
  nsga2,
  random,
  type Scheduler,
  type Space,
  type Strategy,
  tpe,
} from "fettle";
import { memoryStorage, type StudyStorage } from "fettle/store";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hostSource } from "../../src/dashboard/hostSource.js";
import type { DashboardEvent } from "../../src/dashboard/wire.js";
import type { TrialServerOptions } from "../../src/serve/trials/options.js";
import { serveTrials } from "../../src/serve/trials/server.js";
import type { HandedTrial, TrialStudyStatus } from "../../src/serve/trials/study.js";
import { cases } from "../cases.js";
import { refusal, untimed } from "../tune/support.js";

const TOKEN = "a secret of 16 characters or more";
const space = { x: float(-5, 5), n: int(1, 9) };
type Fetch = (request: Request) => Promise<Response>;

const options = (more: Partial<TrialServerOptions> = {}): TrialServerOptions => ({
  ...{
    token: TOKEN,
    storage: memoryStorage(),
    study: "s",
    space: space as Space,
    strategy: tpe() as Strategy,
  },
  ...{ direction: "minimize", trials: 12, lag: 3, seed: 4 },
  ...more,
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

async function post(fetch: Fetch, path: string, body?: unknown, init: RequestInit = {}): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const request = new Request(`https://x.example/studies/${path}`, {
    ...{ method: "POST", headers: { authorization: `Bearer ${TOKEN}` } },
    ...(body !== undefined && { body: text }),
    ...init,
  });
  const response = await fetch(request);
  const answer = await response.text();
  return { status: response.status, body: answer && JSON.parse(answer), headers: response.headers };
}

const get = (fetch: Fetch, path: string) => post(fetch, path, undefined, { method: "GET" });
const messageOf = ({ body }: Answer): string => (body as { error: { message: string } }).error.message;

/** What the function of each trial is, with its course. */
const valueAt = ({ x, n }: { readonly x: number; readonly n: number }) => x * x + n;
const course = (trial: HandedTrial, step: number) => valueAt(trial.params as never) + 4 / step;

/** The trials of one process, without HTTP. */
async function oneProcess({ strategy, scheduler, trials, lag = 0, seed = 0 }: TrialServerOptions) {
  const study = createStudy({ space, strategy, direction: "minimize", lag, seed });
  await study.optimize(
    async (params, trial) => {
      if (!scheduler) return valueAt(params);
      for (let step = 1; step <= 8; step++)
        if (!(await trial.report(course(trial as unknown as HandedTrial, step), step))) break;
      return valueAt(params);
    },
    { trials, ...(scheduler && { scheduler, steps: 8 }), concurrency: 1 },
  );
  return JSON.parse(JSON.stringify(untimed(study.trials)));
}

/** Milliseconds, which pass as the test says. */
let time = 0;
beforeEach(() => {
  vi.spyOn(performance, "now").mockImplementation(() => time);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A client at some point of a trial. */
interface Client {
  trial?: HandedTrial | undefined;
  step: number;
}

/**
 * Lets clients act in an order of chance: each ask, report or tell is one act. Some are lost, and now and then the server begins again from its
 * storage.
 */
async function played(given: TrialServerOptions, order: readonly number[]): Promise<unknown> {
  let { fetch } = await serveTrials(given);
  let clients: Client[] = [];
  let now = 0;
  for (;;) {
    const chance = order[now] ?? (now * 48271) % 10_007;
    now++;
    if (clients.length < 4) clients.push({ step: 0 });
    const client = clients[chance % clients.length];
    if (chance % 19 === 18) {
      clients = clients.filter((each) => each !== client);
      time += 61_000; // its lease is over, and so is that of each that is not heard before the next asks
    }
    if (chance % 23 === 22) ({ fetch } = await serveTrials(given));
    else if (!client.trial) {
      const { status, body } = await post(fetch, "s/ask");
      if (status === 204) break;
      if (status === 200) Object.assign(client, { trial: body, step: 0 });
      else expect(status).toBe(429);
    } else {
      const { number, lease, steps } = client.trial;
      const report = given.scheduler && client.step < (steps ?? 0);
      const step = ++client.step;
      const path = `s/trials/${number}/${report ? "report" : "tell"}`;
      const value = report ? course(client.trial, step) : valueAt(client.trial.params as never);
      const { status, body } = await post(fetch, path, { lease, value, ...(report && { step }) });
      expect([200, 409]).toContain(status);
      if (status === 409 || !report) client.trial = undefined;
      else if ((body as { pruned: boolean }).pruned) client.step = steps ?? 0;
    }
  }
  const { body } = await get(fetch, "s/trials");
  const stored = await (await given.storage.open("s"))?.trials();
  expect(untimed(stored as never)).toEqual(untimed(body as never));
  return untimed(body as never);
}

describe("clients of a study", () => {
  it.each<readonly [string, Strategy, Scheduler | undefined]>([
    ["random", random(), undefined],
    ["tpe", tpe(), undefined],
    ["tpe with asha", tpe(), asha({ reduction: 2 })],
    ["random with median stopping", random(), medianStopping({ startupTrials: 2 })],
  ])("do its trials as one process does, in any order, with losses: %s", async (_, strategy, scheduler) => {
    const one = options({ strategy, ...(scheduler && { scheduler, steps: 8 }) });
    const expected = await oneProcess(one);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 10_000 }), { minLength: 50, maxLength: 200 }),
        async (order) => {
          // so short that each ask may find the lease of a silent client over
          const given = { ...one, storage: memoryStorage(), leaseSeconds: 1e-9 };
          expect(await played(given, [...order, 1, 2, 3, 4])).toEqual(expected);
        },
      ),
      { numRuns: cases(8) },
    );
    if (scheduler) expect(expected.some(({ status }: { status: string }) => status === "pruned")).toBe(true);
  });

  it("are given as many trials as the lag allows, then told to wait, then that it is done", async () => {
    const { fetch } = await serveTrials(options({ lag: 1, trials: 3 }));
    const [first, second] = [await post(fetch, "s/ask"), await post(fetch, "s/ask")];
    const late = await post(fetch, "s/ask");
    expect([first.status, second.status, late.status]).toEqual([200, 200, 429]);
    expect(late.headers.get("retry-after")).toBe("1");
    expect(messageOf(late)).toContain(
      "the study's lag of 1 allows; received one more, while 2 are at clients",
    );
    const tell = ({ body }: Answer, value: unknown) => {
      const { lease, number } = body as HandedTrial;
      return post(fetch, `s/trials/${number}/tell`, { lease, value });
    };
    expect((await tell(second, 2)).body).toEqual({ taken: true, status: "complete", value: 2 });
    expect((await post(fetch, "s/ask")).status).toBe(429); // trial 2 sees trial 0, which runs
    expect((await tell(first, null)).body).toEqual({ taken: true, status: "diverged", value: null });
    expect((await tell(first, 5)).body).toEqual({ taken: false, status: "diverged", value: null });
    const third = await post(fetch, "s/ask");
    expect(third.body).toMatchObject({ number: 2, leaseSeconds: 60, seed: expect.any(Number) });
    expect((await get(fetch, "s")).body).toMatchObject({
      phase: "running",
      asked: 3,
      finished: 2,
      trials: 3,
    });
    await tell(third, 1);
    expect((await post(fetch, "s/ask")).status).toBe(204);
    const status = (await get(fetch, "s")).body as TrialStudyStatus;
    expect(status).toMatchObject({ id: "s", phase: "done", finished: 3, best: { number: 2, value: 1 } });
  });

  it("tell several objectives, failures and attributes", async () => {
    const { fetch } = await serveTrials(
      options({ direction: ["minimize", "maximize"], strategy: nsga2(), trials: 2 }),
    );
    const ask = async () => (await post(fetch, "s/ask")).body as HandedTrial;
    const [a, b] = [await ask(), await ask()];
    const told = await post(fetch, `s/trials/${a.number}/tell`, {
      lease: a.lease,
      values: [1, 2],
      attributes: { é: [1] },
    });
    expect(told.body).toEqual({ taken: true, status: "complete", value: null, values: [1, 2] });
    await post(fetch, `s/trials/${b.number}/tell`, {
      lease: b.lease,
      status: "failed",
      error: "x".repeat(5000),
    });
    const [one, two] = (await get(fetch, "s/trials")).body as {
      error: string;
      attributes: unknown;
      seconds: number;
    }[];
    expect([one.attributes, two.error.length, one.seconds >= 0]).toEqual([{ é: [1] }, 4000, true]);
  });

  it("that were silent for longer than a lease are heard no more once another has the trial", async () => {
    const { fetch } = await serveTrials(options({ leaseSeconds: 5, lag: 0 }));
    const first = (await post(fetch, "s/ask")).body as HandedTrial;
    time += 4_900;
    expect((await post(fetch, "s/trials/0/report", { lease: first.lease })).body).toEqual({ pruned: false });
    time += 4_900;
    expect((await post(fetch, "s/ask")).status).toBe(429);
    time += 100;
    const second = (await post(fetch, "s/ask")).body as HandedTrial;
    expect([second.number, second.params]).toEqual([first.number, first.params]);
    expect(second.lease).not.toBe(first.lease);
    for (const action of ["report", "tell"]) {
      const lost = await post(fetch, `s/trials/0/${action}`, {
        lease: first.lease,
        value: 1,
        ...(action === "report" && { step: 1 }),
      });
      expect([lost.status, messageOf(lost)]).toEqual([
        409,
        expect.stringContaining("another client does it"),
      ]);
    }
    expect((await post(fetch, "s/trials/0/tell", { lease: second.lease, value: 1 })).status).toBe(200);
  });
});

describe("a server of trials", () => {
  it("lists its study, as servers of several do", async () => {
    const { fetch } = await serveTrials(options());
    const list = async (path: string) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const response = await fetch(new Request(`https://example.com/studies${path}`, { headers }));
      return [response.status, await response.json()];
    };
    expect(await list("")).toEqual([200, { studies: ["s"] }]);
    expect(await list("?after=s")).toEqual([200, { studies: [] }]);
    expect(await list("?limit=0")).toMatchObject([400, { error: { code: "invalid_argument" } }]);
    expect((await fetch(new Request("https://example.com/studies"))).status).toBe(401);
  });

  it("tells what it searches, what its trials report, and their results as they come, as a dashboard reads them", async () => {
    const { fetch } = await serveTrials(options({ trials: 2 }));
    const source = hostSource({
      ...{ url: "https://x.example", token: TOKEN, studies: [], mayWrite: false },
      fetch: (url, init) => fetch(new Request(url, init?.redirect ? { ...init, redirect: "manual" } : init)),
    });
    const study = (await source.open("s"))!;
    const events: DashboardEvent[] = [];
    const stop = study.follow(
      (event) => events.push(event),
      (error) => expect(error).toBeUndefined(),
    );
    await expect.poll(() => events.some(({ type }) => type === "ready")).toBe(true);
    expect(events[0]).toMatchObject({
      about: { space, strategy: "tpe", seed: 4, directions: ["minimize"], metrics: ["value"], budget: 2 },
    });
    for (const number of [0, 1]) {
      const { lease } = (await post(fetch, "s/ask")).body as HandedTrial;
      for (const step of [2, 7])
        await post(fetch, `s/trials/${number}/report`, { lease, step, value: step + number });
      await post(fetch, `s/trials/${number}/tell`, { lease, value: 5 + number });
      const rows = () => events.flatMap((event) => (event.type === "trials" ? event.trials : []));
      await expect.poll(() => rows().map(({ value }) => value)).toEqual(number === 0 ? [5] : [5, 6]);
    }
    const abouts = () => events.flatMap((event) => (event.type === "about" ? [event.about.phase] : []));
    await expect.poll(() => abouts().at(-1)).toBe("done");
    stop();
    const points = [
      [2, 3],
      [7, 8],
    ];
    expect(await study.curves([1])).toEqual({ 1: [{ name: "value", unit: "step", points, count: 2 }] });
    const told = await get(fetch, "s/trials/0/reports");
    expect(told.body).toEqual([
      { step: 2, value: 2 },
      { step: 7, value: 7 },
    ]);
  });

  it("refuses requests that are not as they should be, and goes on", async () => {
    const { fetch } = await serveTrials(options());
    const { lease } = (await post(fetch, "s/ask")).body as HandedTrial;
    const refused: readonly (readonly [number, string, string, unknown?, RequestInit?])[] = [
      [401, "the header authorization", "s/ask", undefined, { headers: { authorization: "Bearer wrong" } }],
      [404, "the path must be /studies/s", "other/ask"],
      [404, "the path must be", "s/trials/x/tell", { lease, value: 1 }],
      [404, "the path must be", "s/trials/1e3/tell", { lease, value: 1 }],
      [404, "the path must be", "s/trials/0/constructor", { lease }],
      [405, "the method must be POST", "s/ask", undefined, { method: "DELETE" }],
      [404, "trial 7 was not asked for yet", "s/trials/7/tell", { lease, value: 1 }],
      [400, "the body must be JSON", "s/trials/0/tell", "{"],
      [400, "the body must be JSON", "s/trials/0/tell", ""],
      [400, "the body must be a JSON object", "s/trials/0/tell", [1]],
      [400, "nested at most", "s/trials/0/tell", "[".repeat(5000) + "]".repeat(5000)],
      [413, "the body must be at most 16384 bytes", "s/trials/0/tell", { lease, error: "x".repeat(20_000) }],
      [400, "lease must be the text", "s/trials/0/tell", { value: 1 }],
      [400, "lease must be the text", "s/trials/0/tell", { lease: { toString: 1 }, value: 1 }],
      [
        400,
        'unknown option of a result "vlaue". Did you mean "value"?',
        "s/trials/0/tell",
        { lease, vlaue: 1 },
      ],
      [400, 'unknown option of a result "curves"', "s/trials/0/tell", { lease, value: 1, curves: {} }],
      [
        400,
        'unknown option of a result "__proto__"',
        "s/trials/0/tell",
        `{"lease":"${lease}","value":1,"__proto__":{"a":1}}`,
      ],
      [400, "the outcome of trial 0 must be a value", "s/trials/0/tell", { lease }],
      [400, "value must be a number", "s/trials/0/tell", { lease, value: "1" }],
      [400, "the outcome of trial 0 must be a value", "s/trials/0/tell", { lease, values: [1] }],
      [400, "unknown status", "s/trials/0/tell", { lease, status: "won" }],
      [400, "attributes of trial 0 must be", "s/trials/0/tell", { lease, value: 1, attributes: [1] }],
      [400, "a report must be a step with its value, or neither", "s/trials/0/report", { lease, step: 1 }],
      [400, "the step of a report must be", "s/trials/0/report", { lease, step: -1, value: 1 }],
      [400, "the step of a report must be", "s/trials/0/report", { lease, step: 1e300, value: 1 }],
      [400, "the value of a report must be a number", "s/trials/0/report", { lease, step: 1, value: [1] }],
      [409, "another client does it", "s/trials/0/report", { lease: "other", step: 1, value: 1 }],
    ];
    for (const [status, message, path, body, init] of refused) {
      const answer = await post(fetch, path, body, init);
      expect([answer.status, messageOf(answer)]).toEqual([status, expect.stringContaining(message)]);
    }
    expect((await post(fetch, "s/trials/0/tell", { lease, value: 1 })).body).toMatchObject({ taken: true });
  });

  it("says nothing to clients of a storage that fails, and goes on from what is there", async () => {
    const inner = memoryStorage();
    let broken = "";
    const storage: StudyStorage = {
      ...inner,
      async create(...given) {
        const study = await inner.create(...given);
        return { __proto__: study } as never;
      },
      async open(name) {
        const study = await inner.open(name);
        if (!study) return undefined;
        const failing =
          (method: "add" | "tell" | "report") =>
          async (...given: readonly never[]) => {
            if (broken === method) throw new Error("secret of the disk");
            return (study[method] as (...given: readonly never[]) => Promise<boolean>)(...given);
          };
        const own = ["trials", "reports"].map((method) => [method, (study as never)[method]]);
        const bound = Object.fromEntries(
          own.map(([method, call]) => [method, (call as never as () => void).bind(study)]),
        );
        const { definition, settings } = study;
        return {
          name,
          definition,
          settings,
          ...bound,
          add: failing("add"),
          tell: failing("tell"),
          report: failing("report"),
        } as never;
      },
    };
    await inner.create(
      "s",
      createStudy({ space, strategy: tpe(), direction: "minimize", lag: 3, seed: 4 }).toJSON(),
    );
    const errors: unknown[] = [];
    const { fetch } = await serveTrials(options({ storage, onError: (error) => errors.push(error) }));
    const hidden = [500, "the server met an unexpected error"];
    broken = "add";
    const lost = await post(fetch, "s/ask");
    expect([lost.status, messageOf(lost)]).toEqual(hidden);
    broken = "";
    const { lease, number } = (await post(fetch, "s/ask")).body as HandedTrial;
    expect(number).toBe(0);
    for (const [method, body] of [
      ["report", { lease, step: 1, value: 1 }],
      ["tell", { lease, value: 1 }],
    ] as const) {
      broken = method;
      const failed = await post(fetch, `s/trials/0/${method}`, body);
      expect([failed.status, messageOf(failed)]).toEqual(hidden);
      broken = "";
      expect((await post(fetch, `s/trials/0/${method}`, body)).status).toBe(200);
    }
    expect(errors.map(String)).toEqual(Array(3).fill("Error: secret of the disk"));
    expect((await post(fetch, "s/trials/0/tell", { lease, value: 2 })).body).toEqual({
      taken: false,
      status: "complete",
      value: 1,
    });
  });

  it("refuses options that cannot be, and a study that began with others", async () => {
    const storage = memoryStorage();
    await serveTrials(options({ storage, scheduler: asha(), steps: 9 }));
    const wrong: readonly (readonly [Partial<TrialServerOptions>, string])[] = [
      [{ token: "short" }, "token must be a secret of at least 16 characters"],
      [{ study: "a b" }, "study must be a name of 1 to 64 letters"],
      [{ trials: 0 }, "trials must be"],
      [{ leaseSeconds: 0 }, "leaseSeconds must be a positive number"],
      [{ steps: 3 }, "steps must be left out without a scheduler"],
      [{ scheduler: halving(), steps: 9 }, "whose trials do not wait for each other"],
      [{ scheduler: asha() }, "steps must be"],
      [
        { storage, strategy: random(), scheduler: asha(), steps: 9 },
        "strategy must be the one that the study was saved with",
      ],
      [{ storage, seed: 5, scheduler: asha(), steps: 9 }, 'seed must be 4, as study "s" began; received 5'],
      [{ storage, lag: 5, scheduler: asha(), steps: 9 }, 'lag must be 3, as study "s" began; received 5'],
      [{ storage }, 'scheduler and steps must be those that study "s" began with'],
    ];
    for (const [more, message] of wrong)
      expect(await refusal(() => serveTrials(options(more)))).toContain(message);
  });
});

it("a trial that its client gives back is the next client's at once, and no longer its own then", async () => {
  const { fetch } = await serveTrials(options());
  const { body } = await post(fetch, "s/ask");
  const { number, params, lease } = body as HandedTrial;
  expect((await post(fetch, `s/trials/${number}/release`, { lease: "of another" })).status).toBe(409);
  expect((await post(fetch, `s/trials/${number}/release`, { lease })).status).toBe(204);
  const again = (await post(fetch, "s/ask")).body as HandedTrial;
  expect([again.number, again.params]).toEqual([number, params]);
  expect((await post(fetch, `s/trials/${number}/release`, { lease })).status).toBe(409);
  const told = await post(fetch, `s/trials/${number}/tell`, { lease: again.lease, value: 1 });
  expect(told.body).toMatchObject({ taken: true, value: 1 });
});
