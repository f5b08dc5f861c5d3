/**
 * A server of trials over HTTP, by ask and tell: what it lists and tells, what it refuses, and how it goes on
 * where its storage fails.
 */
import { asha, createStudy, halving, random, tpe } from "fettle";
import { memoryStorage, type StudyStorage } from "fettle/store";
import { describe, expect, it } from "vitest";
import { hostSource } from "../../src/dashboard/hostSource.js";
import type { DashboardEvent } from "../../src/dashboard/wire.js";
import type { Params } from "../../src/search/space/space.js";
import type { TrialServerOptions } from "../../src/serve/trials/options.js";
import { serveTrials } from "../../src/serve/trials/server.js";
import type { HandedTrial } from "../../src/serve/trials/study.js";
import { refusal } from "../tune/support.js";
import { get, messageOf, options, post, space, TOKEN, turnTime } from "./trialRequests.js";

turnTime();

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
      url: "https://x.example",
      token: TOKEN,
      studies: [],
      mayWrite: false,
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

  it("hands out no point that its constraint forbids, also once it is opened again", async () => {
    const storage = memoryStorage();
    const isAllowed = ({ x }: Params) => (x as number) > 0;
    for (const times of [6, 6]) {
      const { fetch } = await serveTrials(options({ storage, trials: 12, constraint: isAllowed }));
      for (let i = 0; i < times; i++) {
        const { number, lease, params } = (await post(fetch, "s/ask")).body as HandedTrial;
        expect(isAllowed(params)).toBe(true);
        await post(fetch, `s/trials/${number}/tell`, { lease, value: params.x as number });
      }
    }
    expect((await (await storage.open("s"))?.trials())?.length).toBe(12);
    const without = await refusal(() => serveTrials(options({ storage, trials: 12 })));
    expect(without).toContain("constraint");
  });

  it("has seed 0 and lag 0 if none are given, and keeps 4,000 characters of an error", async () => {
    const storage = memoryStorage();
    const { seed: _, lag: __, ...own } = options({ storage });
    const { fetch } = await serveTrials(own);
    const { lease } = (await post(fetch, "s/ask")).body as HandedTrial;
    await post(fetch, "s/trials/0/tell", { lease, status: "failed", error: "no".repeat(2500) });
    const study = await storage.open("s");
    expect([study?.definition.seed, study?.definition.lag]).toEqual([0, 0]);
    expect(await study?.trials()).toMatchObject([{ status: "failed", error: "no".repeat(2000) }]);
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
      [404, "trial 7 has not been asked for yet", "s/trials/7/tell", { lease, value: 1 }],
      [400, "the body must be JSON", "s/trials/0/tell", "{"],
      [400, "the body must be JSON", "s/trials/0/tell", ""],
      [400, "the body must be a JSON object", "s/trials/0/tell", [1]],
      [400, "nested at most", "s/trials/0/tell", "[".repeat(5000) + "]".repeat(5000)],
      [413, "the body must be at most 16384 bytes", "s/trials/0/tell", { lease, error: "x".repeat(20_000) }],
      [400, "lease must be the text", "s/trials/0/tell", { value: 1 }],
      [400, "lease must be the text", "s/trials/0/tell", { lease: "x".repeat(101), value: 1 }],
      [409, "", "s/trials/0/tell", { lease: "x".repeat(100), value: 1 }],
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
      [
        409,
        "its lease has expired or was released",
        "s/trials/0/report",
        { lease: "other", step: 1, value: 1 },
      ],
    ];
    for (const [status, message, path, body, init] of refused) {
      const answer = await post(fetch, path, body, init);
      expect([answer.status, messageOf(answer)]).toEqual([status, expect.stringContaining(message)]);
    }
    expect((await post(fetch, "s/trials/0/tell", { lease, value: 1 })).body).toMatchObject({ taken: true });
  });

  it("lets a trial that is done again pass the rungs before the one that pruned it", async () => {
    const { fetch } = await serveTrials(options({ scheduler: asha({ reduction: 2 }), steps: 8, lag: 0 }));
    const run = async (number: number, reports: readonly (readonly [number, number])[]) => {
      const { lease } = (await post(fetch, "s/ask")).body as HandedTrial;
      const pruned: boolean[] = [];
      for (const [step, value] of reports) {
        const { body } = await post(fetch, `s/trials/${number}/report`, { lease, step, value });
        pruned.push((body as { pruned: boolean }).pruned);
      }
      await post(fetch, `s/trials/${number}/tell`, { lease, value: 1 });
      return pruned;
    };
    const better = [
      [1, 5],
      [2, 5],
      [4, 1],
    ] as const; // from the third rung on
    expect(await run(0, better)).toEqual([false, false, false]);
    const worse = [
      [1, 4],
      [2, 4],
      [4, 3],
    ] as const;
    expect(await run(1, [...worse, ...worse])).toEqual([false, false, true, false, false, true]);
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

it("a report may begin at step 0", async () => {
  const { fetch } = await serveTrials(options({ scheduler: asha(), steps: 9 }));
  const { number, lease } = (await post(fetch, "s/ask")).body as HandedTrial;
  const report = (step: number) => post(fetch, `s/trials/${number}/report`, { lease, step, value: 1 });
  expect([(await report(0)).status, (await report(1)).status]).toEqual([200, 200]);
  expect((await get(fetch, `s/trials/${number}/reports`)).body).toHaveLength(2);
});
