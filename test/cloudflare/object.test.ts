/**
 * The example on workerd: a study in a Durable Object gives the result of `tune`, however often it is killed.
 */
import fc from "fast-check";
import { tune } from "fettle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StudyStatus } from "../../src/serve/record.js";
import { cases } from "../cases.js";
import { anyBody, anyPath, header, isProper, method } from "../serve/arbitraries.js";
import { ask, read, refusalOf } from "../serve/support.js";
import { exampleOf, type Whole } from "./example.js";
import { Project, type Runtime } from "./workerd.js";

const { body, tuning, expectWhole } = exampleOf(100);
const project = new Project();
/** How often a study's runtime is killed. */
const KILLS = Math.min(20, cases(20));
/** In slices so small that a study outlasts them. */
const slow = project.edited((source) => source.replace("studyWorker({", "studyWorker({ sliceSteps: 4,"));
let whole: Whole;
let runtime: Runtime;
const fetch = (request: Request) => runtime.fetch(request);
beforeAll(async () => {
  whole = await tune({ ...tuning, jobs: 1 });
  runtime = await project.start();
});
afterAll(async () => {
  await runtime.kill();
  project.remove();
});

const statusOf = (id: string) => read<StudyStatus>(ask(fetch, `GET /studies/${id}`));
const trialsOf = (id: string) => read<Whole["trials"]>(ask(fetch, `GET /studies/${id}/trials`));
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

it("runs by alarms alone, and sends each trial once", async () => {
  expect((await ask(fetch, "POST /studies/a", { body })).status).toBe(201);
  const text = await (await ask(fetch, "GET /studies/a/events")).text();
  const seen = [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, event, data]) => ({
    event,
    data: JSON.parse(data) as StudyStatus & { number: number },
  }));
  const before = seen[0].data.finished;
  expect(seen.filter(({ event }) => event === "trial").map(({ data }) => data.number)).toEqual(
    Array.from({ length: 100 - before }, (_, i) => before + i),
  );
  expect(seen.at(-1)).toMatchObject({ event: "status", data: { phase: "done" } });
  await expectWhole(fetch, whole, "a");
});

it("neither loses nor repeats a finished trial, though the runtime is killed again and again", async () => {
  await runtime.kill();
  runtime = await slow.start();
  await read(ask(fetch, "POST /studies/killed", { body }));
  for (let kills = 0; kills < KILLS; kills++) {
    // any moment of a slice: 0 to 40 milliseconds later, by a rule without a pattern
    await wait((kills * 17) % 41);
    const seen = kills % 3 === 0 ? await trialsOf("killed") : [];
    await runtime.kill();
    runtime = await (kills < KILLS - 1 ? slow : project).start();
    expect((await statusOf("killed")).phase).toBe("running");
    const trials = await trialsOf("killed");
    expect(trials.slice(0, seen.length)).toEqual(seen); // to the second that each took
    expect(trials.map(({ number }) => number)).toEqual(trials.map((_, i) => i));
  }
  while ((await statusOf("killed")).phase === "running") await wait(20);
  await expectWhole(fetch, whole, "killed");
});

it("is paused by a request, stays paused through a kill, and resumes where it was", async () => {
  await read(ask(fetch, "POST /studies/paused", { body }));
  await wait(30);
  const paused = await read<StudyStatus>(ask(fetch, "POST /studies/paused/pause"));
  expect(paused.phase).toBe("paused");
  await runtime.kill();
  runtime = await project.start();
  await wait(50);
  expect(await statusOf("paused")).toEqual(paused);
  await read(ask(fetch, "POST /studies/paused/resume"));
  while ((await statusOf("paused")).phase === "running") await wait(20);
  await expectWhole(fetch, whole, "paused");
});

it("is cancelled, deleted and started again", async () => {
  await read(ask(fetch, "POST /studies/b", { body }));
  expect(await read(ask(fetch, "POST /studies/b/cancel"))).toMatchObject({ phase: "cancelled" });
  expect((await ask(fetch, "DELETE /studies/b")).status).toBe(204);
  await runtime.kill();
  runtime = await project.start();
  expect(await refusalOf(ask(fetch, "GET /studies/b"))).toEqual([
    404,
    "not_found",
    'study "b" does not exist; POST /studies/b starts it',
  ]);
  expect((await ask(fetch, "POST /studies/b", { body: { ...body, trials: 1 } })).status).toBe(201);
});

describe("requests", () => {
  it("at random get 4xx and change nothing", async () => {
    const before = [await statusOf("a"), await trialsOf("a")];
    await fc.assert(
      fc.asyncProperty(
        fc.record({ method, path: anyPath("a", "none"), authorization: header, body: fc.option(anyBody) }),
        async ({ method, path, authorization, body }) => {
          // workerd itself answers 501 to methods that it does not know
          fc.pre(method !== "FOO" && !isProper({ method, path, authorization, body }, ["a"]));
          const takesBody = method !== "GET" && method !== "HEAD" && body !== null;
          const { status } = await fetch(
            new Request(new URL(`https://example.com${path}`), {
              method,
              headers: { authorization },
              ...(takesBody && { body: body as string }),
            }),
          );
          expect(status).toBeGreaterThanOrEqual(400);
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: cases(150) },
    );
    expect([await statusOf("a"), await trialsOf("a")]).toEqual(before);
  });

  it("are refused where the token is missing or too short", async () => {
    await runtime.kill();
    for (const bindings of [{}, { FETTLE_TOKEN: "" }, { FETTLE_TOKEN: "short" }]) {
      runtime = await project.start(bindings);
      for (const headers of [{}, { authorization: "Bearer " }, { authorization: "Bearer short" }]) {
        for (const words of ["GET /studies/a", "POST /studies/a", "DELETE /studies/a"]) {
          const [status, , message] = await refusalOf(ask(fetch, words, { headers }));
          expect([status, message]).toEqual([
            503,
            expect.stringContaining("token must be a secret of at least 16 characters"),
          ]);
        }
      }
      await runtime.kill();
    }
    runtime = await project.start();
    expect((await statusOf("a")).phase).toBe("done");
  });
});
