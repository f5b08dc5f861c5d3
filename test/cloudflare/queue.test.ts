/** The example with a queue, on workerd: the same study, though messages are lost, late or doubled. */
import { tune } from "fettle";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { StudyStatus } from "../../src/serve/record.js";
import { ask, read } from "../serve/support.js";
import { exampleOf, type Whole } from "./example.js";
import { Project, type Runtime } from "./workerd.js";

const { body, tuning, expectWhole } = exampleOf(12);
/** Every third message is lost, every fourth comes twice, every fifth late. */
const unreliable = `env.JOBS && {
    async sendBatch(messages) {
      for (const message of messages) {
        const n = (globalThis.sent = (globalThis.sent ?? 0) + 1);
        if (n % 3 === 0) continue;
        const options = n % 5 === 0 ? { delaySeconds: 1 } : {};
        await env.JOBS.send(message.body, options);
        if (n % 4 === 0) await env.JOBS.send(message.body);
      }
    },
  },
  resendSeconds: 0.3`;
const project = new Project("wrangler.parallel.jsonc", (source) => {
  expect(source).toContain("=> env.JOBS");
  return source.replace("=> env.JOBS", `=> ${unreliable}`);
});
let runtime: Runtime;
let whole: Whole;
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
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

it("gives the result of tune over an unreliable queue", async () => {
  await read(ask(fetch, "POST /studies/a", { body }));
  const text = await (await ask(fetch, "GET /studies/a/events")).text();
  const numbers = [...text.matchAll(/^event: trial\ndata: \{"number":(\d+)/gm)].map(([, number]) =>
    Number(number),
  );
  expect(numbers.length).toBeGreaterThan(6);
  expect(new Set(numbers).size).toBe(numbers.length);
  await expectWhole(fetch, whole, "a");
});

it("continues after the runtime was killed with all messages", async () => {
  await read(ask(fetch, "POST /studies/killed", { body }));
  for (let kills = 0; kills < 3; kills++) {
    await wait(50 + 40 * kills);
    await runtime.kill();
    runtime = await project.start();
    expect((await statusOf("killed")).phase).toBe("running");
  }
  while ((await statusOf("killed")).phase === "running") await wait(20);
  await expectWhole(fetch, whole, "killed");
});

it("accepts no result of a deleted study for a new one of the same name", async () => {
  for (let seed = 0; seed < 3; seed++) {
    await read(ask(fetch, "POST /studies/again", { body: { ...body, epochs: 3 + seed } }));
    await wait(60);
    await ask(fetch, "DELETE /studies/again");
  }
  await read(ask(fetch, "POST /studies/again", { body }));
  while ((await statusOf("again")).phase === "running") await wait(20);
  await expectWhole(fetch, whole, "again");
});

it("gives no jobs to clients", async () => {
  const words = `GET /studies/a/jobs?name=${JSON.stringify({ trial: 0, index: 0 })}`;
  expect((await ask(fetch, words)).status).toBe(404);
});
