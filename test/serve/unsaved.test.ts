/** A study whose model has a custom function, which no model file can hold: it ends without a model. */
import { expect, it } from "vitest";
import { dense, sequential, sgd } from "../../src/index.js";
import type { StudyStatus } from "../../src/serve/record.js";
import { ask, options, read, refusalOf, served } from "./support.js";

it("a study whose model cannot be saved ends with its result, and refuses to predict", async () => {
  // a function without a name
  const [activation] = [<T>(value: T): T => value];
  const { fetch } = served({
    background: true,
    tuner: async (given) => ({
      ...(await options.tuner(given)),
      model: ({ learningRate }) => {
        const model = sequential([dense(2, { activation }), dense(1, { activation: "sigmoid" })]);
        model.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
        return model;
      },
    }),
  });
  await read(ask(fetch, "POST /studies/a", { body: { trials: 2, strategy: "random" } }));
  const status = () => read<StudyStatus>(ask(fetch, "GET /studies/a"));
  await expect.poll(async () => (await status()).phase).not.toBe("running");
  expect(await status()).toMatchObject({ phase: "done", finished: 2 });
  expect(await read(ask(fetch, "GET /studies/a/result"))).toMatchObject({ best: [expect.any(Number)] });
  const message = 'study "a" must be done, with a model that can be saved, to predict; it is done';
  expect(await refusalOf(ask(fetch, "GET /studies/a/model"))).toEqual([409, "invalid_state", message]);
});
