/** Options that `studyWorker` refuses when the module of a Worker is loaded. */
import { expect, it } from "vitest";
import { QueuedObject } from "../../src/cloudflare/queue.js";
import { type CloudflareOptions, studyWorker } from "../../src/cloudflare/worker.js";
import type { Space } from "../../src/search/space/space.js";
import { authorized, refusalOf, TOKEN } from "../serve/support.js";
import { refusal } from "../tune/support.js";

const options: CloudflareOptions<Space, Space, unknown> = {
  token: () => TOKEN,
  objects: () => ({ idFromName: () => 0, get: () => ({ fetch: async () => new Response() }) }),
  tuner: () => {
    throw new Error("not called");
  },
};

it("valid options are accepted", () => {
  expect(Object.keys(studyWorker(options))).toEqual(["StudyObject", "worker"]);
});

it.each([
  [{ token: TOKEN }, "invalid_argument: token must be a function of env; received"],
  [{ objects: undefined }, "invalid_argument: objects must be a function of env; received undefined"],
  [{ queue: {} }, "invalid_argument: queue must be a function of env; received {}"],
  [
    { tuner: {} },
    "invalid_argument: tuner must be a function that returns the options of createTuner; received {}",
  ],
  [{ resendSeconds: 0 }, "invalid_argument: resendSeconds must be a positive number; received 0"],
  [{ resendSeconds: "9" }, 'resendSeconds must be a positive number; received "9"'],
  [{ sliceSteps: 1.5 }, "invalid_argument: sliceSteps must be a positive integer; received 1.5"],
  [{ object: 1 }, 'unknown_name: unknown option of studyWorker "object". Did you mean "objects"?'],
])("%j are refused", async (wrong, message) => {
  expect(await refusal(() => studyWorker({ ...options, ...wrong } as never))).toContain(message);
});

it.each(["", "x", "{}", '{"trial":0}', '{"trial":"0","index":0}'])(
  "a job named %j is refused",
  async (name) => {
    const state = { storage: { sql: { exec: () => [] } } } as never;
    const object = new QueuedObject(state, TOKEN, { tuner: () => ({}) } as never, {} as never, 1);
    const url = new URL(`https://object/studies/a/jobs?name=${name}`);
    const response = object.fetch(new Request(url, { headers: authorized }));
    const message = `name must be { "trial", "index" } of a job as JSON; received ${JSON.stringify(name)}`;
    expect(await refusalOf(response)).toEqual([400, "invalid_argument", message]);
  },
);

const reset = new Error("the object was reset");
it.each<[string, () => Promise<Response>]>([
  ["rejects", () => Promise.reject(reset)],
  [
    "throws",
    () => {
      throw reset;
    },
  ],
])("an object that %s is an error of the server, which onError receives", async (_, fetch) => {
  const told: unknown[] = [];
  const { worker } = studyWorker({
    ...options,
    objects: () => ({ idFromName: () => 0, get: () => ({ fetch }) }),
    onError: (error) => told.push(error),
  });
  const response = await worker.fetch(new Request("https://worker/studies/a", { headers: authorized }), {});
  expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/json"]);
  expect(told).toEqual([reset]);
});
