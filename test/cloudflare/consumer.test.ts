/** The worker of an isolate, which several studies and settings share, without a runtime of workers. */
import { expect, it } from "vitest";
import { createConsumer } from "../../src/cloudflare/queue.js";
import { adam, choice, dense, sequential } from "../../src/index.js";
import { createRemoteTuner } from "../../src/tune/resume/remote.js";
import { packArchive } from "../../src/workers/archive.js";

const options = {
  x: [[0], [1], [2], [3]],
  y: [0, 1, 2, 3],
  validation: { folds: 2 },
  space: { one: choice([1]) },
  model: () => {
    const model = sequential([dense(1)]);
    model.compile({ optimizer: adam(), loss: "meanSquaredError" });
    return model;
  },
};

it("runs jobs with the settings that they came with, which a new study of the same name may have changed", async () => {
  const asked: unknown[] = [];
  const consume = createConsumer();
  for (const rate of [1, 1, 2, 1]) {
    const format = { magic: "fettle/w", version: 1, what: "a job for a worker" };
    const body = packArchive(format, { job: Uint8Array.of(0), settings: { rate } });
    const message = { study: "a", trial: 0, index: 0 };
    const fetchObject = async () => new Response(body as Uint8Array<ArrayBuffer>);
    const tuner = (settings: unknown) => {
      asked.push(settings);
      return options as never;
    };
    await expect(consume(message, tuner, "token", fetchObject)).rejects.toThrow(/this is not a job/);
  }
  expect(asked).toEqual([{ rate: 1 }, { rate: 2 }, { rate: 1 }]);
});

it.each([
  ["GET", 401],
  ["POST", 500],
])(
  "fails where the object refuses a %s, so that the queue delivers the message again",
  async (refused, status) => {
    const format = { magic: "fettle/w", version: 1, what: "a job for a worker" };
    const worker = await createRemoteTuner(options as never, null);
    await worker.advance({ steps: 1 });
    const [name] = worker.waiting();
    const body = packArchive(format, { job: worker.job(name), settings: {} });
    const fetchObject = async (_: string, { method }: Request) =>
      new Response(method === "GET" ? (body as Uint8Array<ArrayBuffer>) : "{}", {
        status: method === refused ? status : 200,
      });
    const consumed = createConsumer()({ study: "a", ...name }, () => options as never, "token", fetchObject);
    await expect(consumed).rejects.toMatchObject({
      code: "store_failed",
      message: `the object of study "a" answered with status ${status}`,
    });
  },
);
