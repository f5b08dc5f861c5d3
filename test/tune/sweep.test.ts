/** Sweeps: the rows of gridSearch over one parameter, and what is refused. */
import { describe, expect, it } from "vitest";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { choice, float, int } from "../../src/search/space/builders.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { type SweepOptions, sweep } from "../../src/tune/sweep.js";
import { logistic, refusal, x, y } from "./support.js";

const space = {
  learningRate: float(1e-3, 10, { log: true }),
  momentum: float(0, 0.99, { default: 0.5 }),
  kind: choice(["plain", "deep"], { default: "plain" }),
  units: int(1, 8, { when: { kind: ["deep"] } }),
};
interface P {
  readonly learningRate: number;
  readonly momentum: number;
  readonly units?: number;
}
const model = ({ learningRate, momentum, units }: P) => {
  const hidden = units === undefined ? [] : [dense(units, { activation: "tanh" })];
  const built = sequential([...hidden, dense(1, { activation: "sigmoid" })]);
  built.compile({ optimizer: sgd({ learningRate, momentum }), loss: "binaryCrossentropy" });
  return built;
};
const how = { x, y, model, fit: { epochs: 2 }, validation: { folds: 3 }, seed: 4, jobs: 1 };

describe("sweep", () => {
  it("has a row for each value, in order, the others at their defaults or as given", async () => {
    const { rows, bestIndex, finalError } = await sweep({
      ...how,
      space,
      parameter: "learningRate",
      values: [0.3, 0.01, 3],
      refit: false,
    });
    expect(rows.map(({ params }) => params)).toEqual(
      [0.3, 0.01, 3].map((learningRate) => ({ learningRate, momentum: 0.5, kind: "plain" })),
    );
    expect(rows[bestIndex].scores.accuracy.rank).toBe(1);
    expect(finalError?.code).toBe("invalid_state");
    const deep = await sweep({
      ...how,
      space,
      parameter: "units",
      values: [2, 5],
      params: { kind: "deep", learningRate: 0.1 },
    });
    expect(deep.rows.map(({ params }) => params)).toEqual(
      [2, 5].map((units) => ({ learningRate: 0.1, momentum: 0.5, kind: "deep", units })),
    );
    expect(deep.final.model).toBeDefined();
  });

  it("has the scores of gridSearch over the same values", async () => {
    const values = [0.01, 0.1, 1] as const;
    const own = { ...how, model: logistic, scoring: ["accuracy", "logLoss"] as const };
    const swept = await sweep({
      ...own,
      space: { learningRate: float(0.001, 1) },
      parameter: "learningRate",
      values,
    });
    const searched = await gridSearch({ ...own, space: { learningRate: choice(values) } });
    const untimed = ({ rows }: Pick<typeof swept, "rows">) =>
      rows.map(({ fitSeconds: _, scoreSeconds: __, ...row }) => row);
    expect(untimed(swept)).toEqual(untimed(searched));
    expect([swept.bestScore, swept.bestIndex]).toEqual([searched.bestScore, searched.bestIndex]);
  });

  it("leaves out what does not apply at a value", async () => {
    const { rows } = await sweep({
      ...how,
      space,
      parameter: "kind",
      values: ["plain", "deep"],
      params: { learningRate: 0.1, units: 3 },
    });
    expect(rows.map(({ params }) => params.units)).toEqual([undefined, 3]);
  });

  it("refuses invalid options, before anything runs", async () => {
    const good = { ...how, space, parameter: "learningRate", values: [0.1] } as const;
    const cases: [object, RegExp][] = [
      [{ parameter: "rate" }, /unknown_name: unknown parameter "rate"/],
      [{ params: { unit: 3 } }, /unknown parameter "unit"\. Did you mean "units"/],
      [{ values: [] }, /values must be a list of at least one value; received \[\]/],
      [{ values: 0.1 }, /values must be a list/],
      [{ values: [0.1, 20] }, /must be within its space: "learningRate" must be a number .*; received 20/],
      [{ params: { momentum: 2 } }, /"momentum" must be a number from 0 to .*; received 2/],
      [{ params: { learningRate: 1 } }, /"learningRate" is swept/],
      [{ parameter: "momentum", values: [0.1] }, /"learningRate" has no default in the space/],
      [{ parameter: "units", values: [2], params: { learningRate: 1 } }, /"units" does not apply/],
      [{ trials: 3 }, /unknown option of sweep "trials"/],
      [{ valeus: [1] }, /unknown option of sweep "valeus"\. Did you mean "values"/],
      [{ scoring: "r2" }, /r2, which is for regression/],
    ];
    for (const [options, message] of cases) {
      expect(await refusal(() => sweep({ ...good, ...options } as SweepOptions<typeof space>))).toMatch(
        message,
      );
    }
  });
});
