/** What the example tunes, for `tune`, and whether a study came to the same. */
import { readFileSync } from "node:fs";
import { adam, dense, encodeTable, float, int, readTable, sequential, type TuneResult, tpe } from "fettle";
import { defineTuning } from "fettle/serve";
import { expect } from "vitest";
import type { StudyOutcome, StudyStatus } from "../../src/serve/record.js";
import { ask, read } from "../serve/support.js";
import { untimed } from "../tune/support.js";

const csv = readFileSync(new URL("../../examples/data/wine.csv", import.meta.url), "utf8");
const space = { units: int(4, 32, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) };

export type Whole = TuneResult<typeof space>;

export function exampleOf(trials: number) {
  const body = { trials, epochs: 2, strategy: "tpe" };
  const tuning = defineTuning({
    data: encodeTable(readTable(csv), { target: "cultivar" }),
    space,
    model: ({ units, learningRate }) => {
      const model = sequential([dense(units, { activation: "relu" }), dense(3, { activation: "softmax" })]);
      model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
      return model;
    },
    ...{ strategy: tpe(), fit: { epochs: body.epochs }, metric: "logLoss", testSize: 0.2, trials },
  });
  const expectWhole = async (
    fetch: (request: Request) => Promise<Response>,
    whole: Whole,
    id: string,
  ): Promise<void> => {
    const status = await read<StudyStatus>(ask(fetch, `GET /studies/${id}`));
    // a trial begins in one step, and trains in 4 batches an epoch on each of 5 folds; the last fit in 5
    const steps = trials * (1 + 2 * 4 * 5) + 2 * 5;
    expect(status).toMatchObject({ finished: trials, trials, phase: "done", steps });
    expect(untimed(await read(ask(fetch, `GET /studies/${id}/trials`)))).toEqual(untimed(whole.trials));
    const outcome = await read<StudyOutcome>(ask(fetch, `GET /studies/${id}/result`));
    expect(outcome.best).toEqual([whole.best?.number]);
    expect(outcome.test).toEqual(whole.final?.test);
    for (const [name, { data }] of Object.entries(whole.final?.model.getWeights() ?? {})) {
      expect(outcome.weights[name].data).toEqual([...data]);
    }
  };
  return { body, tuning, expectWhole };
}
