/**
 * Saved studies and tuners that anyone may have changed: each is refused with a FettleError, or is what its
 * JSON says, trial by trial, and goes on as an undamaged state that says the same.
 */

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { adam } from "../../src/optim/adam.js";
import { choice, float, int } from "../../src/search/space/builders.js";
import { createStrategy, strategyNames } from "../../src/search/strategies/index.js";
import { random } from "../../src/search/strategies/random/random.js";
import { bestOrNone } from "../../src/search/study/best.js";
import type { Study } from "../../src/search/study/contract.js";
import { restoreStudy } from "../../src/search/study/create.js";
import { createTuner, restoreTuner, type Tuner } from "../../src/tune/resume/slices.js";
import type { TuneOptions } from "../../src/tune/tuner/options.js";
import { cases } from "../cases.js";
import { damaged, meaningOf } from "../damage.js";
import { space, studyInMidst } from "../search/study/midst.js";
import { damagedBytes, damagedValues, valuesIn } from "../tune/resume/archives.js";
import { randomRows } from "../tune/support.js";
import { faultIn } from "./support/points.js";

/** What a state may be refused with. */
const CODES = ["invalid_checkpoint", "invalid_argument", "invalid_space"];

function checkRefusal(error: unknown): void {
  if (!(error instanceof FettleError)) throw error;
  expect(CODES).toContain(error.code);
  expect(error.message.length).toBeLessThan(3000);
}

interface TrialJson {
  readonly number: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly status: string;
  readonly value?: number | null;
  readonly values?: readonly number[];
  readonly constraints?: readonly (number | null)[] | null;
}

interface StateJson {
  readonly space: Readonly<Record<string, unknown>>;
  readonly direction: string | readonly string[];
  readonly trials: readonly TrialJson[];
}

/** Fails unless a study is what its JSON says, read a second time. */
function checkStudy(
  study: Pick<Study, "trials" | "asked" | "directions" | "bestTrials">,
  { space, direction, trials }: StateJson,
): void {
  const ended = trials.filter(({ status }) => status !== "running");
  expect(study.asked).toBe(trials.length);
  expect(study.trials.map(({ number }) => number)).toEqual(ended.map(({ number }) => number));
  for (const [i, { params, status, value, values }] of ended.entries()) {
    const record = study.trials[i];
    expect(faultIn(space, params)).toBeUndefined();
    expect(meaningOf(record.params)).toEqual(meaningOf(params));
    expect(record.status).toBe(status);
    expect(record.value).toBe(value ?? null);
    expect(record.values ?? []).toEqual(values ?? []);
  }
  const [first, ...others] = [direction].flat();
  if (others.length > 0) return;
  const sign = first === "maximize" ? -1 : 1;
  const [best] = ended
    .filter(
      ({ status, constraints }) =>
        status === "complete" && (constraints ?? []).every((c) => c !== null && c <= 0),
    )
    .sort((a, b) => sign * ((a.value as number) - (b.value as number)) || a.number - b.number);
  expect(bestOrNone(study)?.number).toBe(best?.number);
}

/**
 * A state that says the same: fields in another order, and none that is null. The order of parameters counts.
 */
function turned(state: StateJson): StateJson {
  const reversed = (value: object): object =>
    Object.fromEntries(
      Object.entries(value)
        .filter(([, field]) => field !== null)
        .reverse(),
    );
  return reversed({ ...state, trials: state.trials.map(reversed) }) as StateJson;
}

const OPTIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  tpe: { startupTrials: 4 },
  gp: { startupTrials: 4 },
  genetic: { populationSize: 4 },
  nsga2: { populationSize: 4 },
  pbt: { populationSize: 3, quantile: 0.4 },
  grid: { points: 3 },
};

/** A study of each strategy in its midst. */
const studies = strategyNames.map((name) => {
  const strategy = createStrategy(name, OPTIONS[name] ?? {});
  const study = studyInMidst(
    strategy,
    name === "grid" ? { ...space, momentum: choice([0, 1]) } : space,
    name === "nsga2" ? ["minimize", "maximize"] : name === "tpe" ? "maximize" : "minimize",
  );
  return { strategy, json: JSON.parse(JSON.stringify(study)) as StateJson };
});

/** The next points of a study, which is told numbers for them. */
function next(study: Study): unknown[] {
  const points: unknown[] = [];
  for (let i = 0; i < 3 && study.canAsk(); i++) {
    const trial = study.ask();
    if (!trial) break;
    points.push(trial);
    study.tell(
      trial.number,
      study.directions.length > 1 ? { values: study.directions.map(() => i) } : { value: i },
    );
  }
  return points;
}

describe("a damaged study", () => {
  it("is refused, or is what it says, and goes on as one that says the same", () => {
    let accepted = 0;
    const states = fc
      .nat(studies.length - 1)
      .chain((which) =>
        fc.tuple(
          fc.constant(which),
          damaged(studies[which].json, fc.constantFrom(...studies.map(({ json }) => json.trials))),
        ),
      );
    fc.assert(
      fc.property(states, ([which, given]) => {
        const { strategy, json } = studies[which];
        const written = JSON.parse(JSON.stringify(given)) as StateJson;
        let study: Study;
        try {
          study = restoreStudy(written, { strategy });
        } catch (error) {
          checkRefusal(error);
          return;
        }
        accepted++;
        checkStudy(study, written);
        const asked = next(study);
        expect(asked).toEqual(next(restoreStudy(turned(written), { strategy })));
        for (const { params } of asked as TrialJson[]) expect(faultIn(written.space, params)).toBeUndefined();
        const isSame = JSON.stringify(meaningOf(written)) === JSON.stringify(meaningOf(json));
        if (isSame) expect(asked).toEqual(next(restoreStudy(json, { strategy })));
      }),
      { numRuns: cases(300) },
    );
    expect(accepted).toBeGreaterThan(cases(300) / 20); // or nothing was shown
  });
});

const x = randomRows(16, 2, 1);
const tunerSpace = { units: int(1, 3), learningRate: float(0.01, 0.1) };
const options: TuneOptions<typeof tunerSpace> = {
  x,
  y: x.map(([a, b]) => Number(a > b)),
  space: tunerSpace,
  strategy: random(),
  seed: 4,
  trials: 4,
  lag: 1,
  validation: { folds: 2 },
  fit: { epochs: 2, batchSize: 4 },
  model({ units, learningRate }) {
    const model = sequential([dense(units), dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
    return model;
  },
};

/** Runs a tuner to its end: what it found, without its durations. */
async function finished(tuner: Tuner<typeof tunerSpace>): Promise<unknown> {
  for (let steps = 0; !tuner.result; ) {
    steps += (await tuner.advance({ steps: 50 })).steps;
    expect(steps).toBeLessThan(1000);
  }
  const { best, trials } = tuner.result;
  const plain = trials.map(({ seconds: _, ...trial }) => trial);
  return JSON.parse(JSON.stringify({ best: best?.number, trials: plain })) as unknown;
}

describe("a damaged tuner", () => {
  /** At several steps of trials. */
  const saves: Uint8Array[] = [];
  let end: unknown;
  beforeAll(async () => {
    const tuner = await createTuner(options);
    while (!tuner.result) {
      await tuner.advance({ steps: 7 });
      saves.push(tuner.save());
    }
    end = await finished(tuner);
  });

  it("is refused, or is what it says, and ends as one that says the same", async () => {
    let accepted = 0;
    const given = fc.nat().chain((n) => {
      const bytes = saves[n % saves.length];
      const other = saves[(n + 1) % saves.length];
      return fc.tuple(
        fc.constant(bytes),
        fc.oneof(damagedBytes(bytes, other), { weight: 2, arbitrary: damagedValues(bytes) }),
      );
    });
    await fc.assert(
      fc.asyncProperty(given, async ([whole, bytes]) => {
        try {
          const tuner = await restoreTuner(bytes, options);
          const says = valuesIn(bytes) as { study: StateJson };
          checkStudy(tuner.study, says.study);
          const same = await restoreTuner(tuner.save(), options);
          const found = await finished(tuner);
          accepted++;
          expect(found).toEqual(await finished(same));
          if (Buffer.compare(bytes, whole) === 0) expect(found).toEqual(end);
        } catch (error) {
          checkRefusal(error);
        }
      }),
      { numRuns: cases(80) },
    );
    expect(accepted).toBeGreaterThan(cases(80) / 50); // or nothing was shown
  });

  it("that is whole ends as the tuner did", async () => {
    for (const bytes of saves) expect(await finished(await restoreTuner(bytes, options))).toEqual(end);
  });
});
