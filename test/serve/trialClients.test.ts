/**
 * Clients that do the trials of a study by ask and tell, in any order, with losses: it is the study of one
 * process.
 */
import fc from "fast-check";
import { asha, createStudy, medianStopping, nsga2, random, type Scheduler, type Strategy, tpe } from "fettle";
import { memoryStorage } from "fettle/store";
import { describe, expect, it } from "vitest";
import type { TrialServerOptions } from "../../src/serve/trials/options.js";
import { serveTrials } from "../../src/serve/trials/server.js";
import type { HandedTrial, TrialStudyStatus } from "../../src/serve/trials/study.js";
import { cases } from "../cases.js";
import { untimed } from "../tune/support.js";
import { type Answer, get, messageOf, options, post, space, time, turnTime } from "./trialRequests.js";

turnTime();

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

/** A client at some point of a trial. */
interface Client {
  trial?: HandedTrial | undefined;
  step: number;
}

/**
 * Lets clients act in an order of chance: each ask, report or tell is one act. Some are lost, and now and
 * then the server begins again from its storage.
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
      time.now += 61_000; // its lease is over, and so is that of each that is not heard before the next asks
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
    expect(messageOf(late)).toContain("the study's lag of 1 allows; received one more, while 2 are running");
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

  it.each([
    // with a scheduler the budget, of what completes; else what was reported last
    ["completes", { value: 1 }, true, 8],
    ["completes", { value: 1 }, false, 3],
    ["fails", { status: "failed" }, true, 3],
    ["diverges", { status: "diverged" }, true, 3],
    ["says its steps", { value: 1, steps: 5 }, true, 5],
  ] as const)("have the seconds since the ask, and the steps, of a trial that %s: %o, %s", async (...row) => {
    const [, told, isScheduled, steps] = row;
    const { fetch } = await serveTrials(
      options({ ...(isScheduled && { scheduler: medianStopping(), steps: 8 }), lag: 0 }),
    );
    const { number, lease } = (await post(fetch, "s/ask")).body as HandedTrial;
    for (const step of [undefined, 2, undefined, 3]) {
      time.now += 1500;
      await post(fetch, `s/trials/${number}/report`, { lease, ...(step && { step, value: 1 }) });
    }
    time.now += 500;
    await post(fetch, `s/trials/${number}/tell`, { lease, ...told });
    const [record] = (await get(fetch, "s/trials")).body as unknown[];
    expect(record).toMatchObject({ seconds: 6.5, steps });
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

  it.each([
    [{ value: null }, { status: "diverged", value: null }],
    [{ value: 1, constraints: [null, -1] }, { constraints: [null, -1] }],
    [{ value: 1, scores: [0.5, null] }, { scores: [0.5, null] }],
    [{ value: 1, curve: [null, 2] }, { curve: [null, 2] }],
  ])("send null for a number that JSON does not have, in any list: %j", async (told, kept) => {
    const { fetch } = await serveTrials(options());
    const { number, lease } = (await post(fetch, "s/ask")).body as HandedTrial;
    const answer = await post(fetch, `s/trials/${number}/tell`, { lease, ...told });
    expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ taken: true })]);
    const [record] = (await get(fetch, "s/trials")).body as unknown[];
    expect(record).toMatchObject({ status: "complete", value: 1, ...kept });
  });

  it("that were silent for longer than a lease are heard no more once another has the trial", async () => {
    const { fetch } = await serveTrials(options({ leaseSeconds: 5, lag: 0 }));
    const first = (await post(fetch, "s/ask")).body as HandedTrial;
    time.now += 4_900;
    expect((await post(fetch, "s/trials/0/report", { lease: first.lease })).body).toEqual({ pruned: false });
    time.now += 4_900;
    expect((await post(fetch, "s/ask")).status).toBe(429);
    time.now += 100;
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
        expect.stringContaining("its lease has expired or was released"),
      ]);
    }
    expect((await post(fetch, "s/trials/0/tell", { lease: second.lease, value: 1 })).status).toBe(200);
  });
});

it("a trial that its client gives back is the next client's at once, and no longer its own then", async () => {
  const { fetch } = await serveTrials(options());
  const { body } = await post(fetch, "s/ask");
  const { number, params, lease } = body as HandedTrial;
  expect((await post(fetch, `s/trials/${number}/release`, { lease: "of another" })).status).toBe(409);
  expect((await post(fetch, `s/trials/${number}/release`, { lease })).status).toBe(204);
  // until it is handed out again it is nobody's
  for (const of of [lease, "of another", ""])
    expect((await post(fetch, `s/trials/${number}/tell`, { lease: of, value: 2 })).status).toBe(409);
  const again = (await post(fetch, "s/ask")).body as HandedTrial;
  expect([again.number, again.params]).toEqual([number, params]);
  expect((await post(fetch, `s/trials/${number}/release`, { lease })).status).toBe(409);
  const told = await post(fetch, `s/trials/${number}/tell`, { lease: again.lease, value: 1 });
  expect(told.body).toMatchObject({ taken: true, value: 1 });
});
