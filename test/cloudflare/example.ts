/** What the example tunes, as options of `tune`, and whether a study gave the same result. */
import { readFileSync } from "node:fs";
import { adam, dense, encodeTable, float, int, readTable, sequential, type TuneResult, tpe } from "fettle";
import { defineTuner } from "fettle/serve";
import { expect } from "vitest";
import type { StudyResult, StudyStatus } from "../../src/serve/record.js";
import { ask, read } from "../serve/support.js";
import { asJson, untimed } from "../tune/support.js";

const csv = readFileSync(new URL("../../examples/data/wine.csv", import.meta.url), "utf8");
const space = { units: int(4, 32, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) };

export type Whole = TuneResult<typeof space>;

export function exampleOf(trials: number) {
  const body = { trials, epochs: 2, strategy: "tpe" };
  const tuning = defineTuner({
    data: encodeTable(readTable(csv), { target: "cultivar" }),
    space,
    model: ({ units, learningRate }) => {
      const model = sequential([dense(units, { activation: "relu" }), dense(3, { activation: "softmax" })]);
      model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
      return model;
    },
    strategy: tpe(),
    fit: { epochs: body.epochs },
    metric: "logLoss",
    testSize: 0.2,
    trials,
  });
  const expectWhole = async (
    fetch: (request: Request) => Promise<Response>,
    whole: Whole,
    id: string,
  ): Promise<void> => {
    const status = await read<StudyStatus>(ask(fetch, `GET /studies/${id}`));
    // a trial starts in one step, and trains in 4 batches an epoch on each of 5 folds; the final fit in 5
    const steps = trials * (1 + 2 * 4 * 5) + 2 * 5;
    expect(status).toMatchObject({ finished: trials, trials, phase: "done", steps });
    expect(untimed(await read(ask(fetch, `GET /studies/${id}/trials`)))).toEqual(
      asJson(untimed(whole.trials)),
    );
    const result = await read<StudyResult>(ask(fetch, `GET /studies/${id}/result`));
    expect(result.best).toEqual([whole.best.number]);
    expect(result.test).toEqual(whole.final.test);
    for (const [name, { data }] of Object.entries(whole.final.model.getWeights())) {
      expect(result.weights[name].data).toEqual([...data]);
    }
  };
  return { body, tuning, expectWhole };
}
