/**
 * Mistakes that must not compile, and what must. `published.ts` gives it to three compilers, in a project that
 * has the package installed.
 */
import {
  type Callback,
  choice,
  defineLayer,
  defineOptimizer,
  defineSchedule,
  dense,
  float,
  gridSearch,
  randomSearch,
  sequential,
  tune,
} from "fettle";
import { mul, neg } from "fettle/ops";

const x = [[1], [2]];
const y = [1, 2];
const model = () => sequential([dense(1)]);
const space = { units: choice([1, 2]) };
const custom = { name: "largest", direction: "minimize", compute: () => 0 } as const;

// arrays
await model().fit([[1], [2]], new Float32Array(2));
await model().fit([new Float32Array(1)], [1]);
// @ts-expect-error words are no numbers
await model().fit("hello", [1]);
// @ts-expect-error
await model().fit([["a"]], [1]);
// @ts-expect-error
await model().fit(x, "world");
// @ts-expect-error
model().predict("hello");

// options
// @ts-expect-error epoch
await model().fit(x, y, { epoch: 5 });
// @ts-expect-error onEpochEnds
const callback: Callback = { onEpochEnds() {} };
// @ts-expect-error acuracy
model().compile({ optimizer: "sgd", loss: "mse", metrics: ["acuracy"] });
// @ts-expect-error trails
await tune({ x, y, space, model, trails: 5 });
// @ts-expect-error a model has a metric, not a direction
await tune({ x, y, space, model, direction: "minimize" });
// @ts-expect-error an objective has no metric
await tune({ space: { u: float(0, 1) }, objective: ({ u }) => u, direction: "minimize", metric: "r2" });
// @ts-expect-error neither a model nor an objective
await tune({ space });

// results
const tuned = await tune({ x, y, space, model, metric: ["accuracy", custom], testSize: 0.5 });
tuned.best.params.units satisfies 1 | 2;
tuned.final.test.accuracy satisfies number;
tuned.final.test.largest satisfies number;
// @ts-expect-error acuracy
tuned.final.test.acuracy;
const found = await tune({ space: { u: float(0, 1) }, objective: ({ u }) => 2 * u, direction: "minimize" });
found.best.params.u satisfies number;
// @ts-expect-error an objective has no model
found.final;
const searched = await gridSearch({ x, y, space, model, scoring: ["accuracy", "f1Macro", custom] });
for (const { params, scores } of searched.rows) {
  params.units satisfies 1 | 2;
  [scores.accuracy.mean, scores.f1Macro.rank, scores.largest.std] satisfies number[];
  // @ts-expect-error acuracy
  scores.acuracy;
}
// @ts-expect-error acuracy
searched.final.test.acuracy;
for (const { scores } of (await randomSearch({ x, y, space, model, trials: 2 })).rows) {
  scores.r2.mean satisfies number;
  // @ts-expect-error r3
  scores.r3;
}
// an alias stands for another name, which the compiler does not know
for (const { scores } of (await gridSearch({ x, y, space, model, scoring: "mse" })).rows)
  scores.meanSquaredError;

// definitions: names of slots, parameters and numbers
const momentum = defineOptimizer({
  name: "momentum",
  hyperparameters: { learningRate: 0.01, mass: 0.9 },
  init: ({ parameter }) => ({ velocity: mul(parameter, 0) }),
  update: ({ gradient, slots, hyperparameters: { learningRate, mass } }) => {
    // @ts-expect-error no slot has that name
    slots.speed;
    const velocity = mul(mass, slots.velocity);
    return { update: neg(mul(learningRate, gradient)), slots: { velocity } };
  },
});
momentum({ mass: 0.5 });
// @ts-expect-error
momentum({ momentum: 0.5 });
defineOptimizer({
  name: "plain",
  hyperparameters: { learningRate: 0.01 },
  // @ts-expect-error trait
  trait: () => ({}),
  update: ({ gradient, hyperparameters: { learningRate } }) => ({ update: mul(learningRate, gradient) }),
});
defineSchedule({
  name: "half",
  required: ["rate"],
  // @ts-expect-error range
  range: { rate: "[0, 1]" },
  rate: ({ numbers }) => mul(numbers.rate, 0.5),
});
defineLayer({
  type: "scale",
  hyperparameters: { power: 1 },
  outputShape: (shape) => shape,
  parameters: (shape) => [{ name: "factor", shape, initializer: "ones" }],
  call: ({ x, parameters, hyperparameters }) => {
    // @ts-expect-error no parameter has that name
    parameters.faktor;
    // @ts-expect-error nor a number
    hyperparameters.powers;
    return mul(mul(x, parameters.factor), hyperparameters.power);
  },
});
console.log(callback);
