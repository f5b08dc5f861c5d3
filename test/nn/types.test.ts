import { expect, expectTypeOf, test } from "vitest";
import type { ActivationName } from "../../src/nn/activations.js";
import type { CompileOptions } from "../../src/nn/arguments/options.js";
import { type DenseOptions, dense, type Layer } from "../../src/nn/layers/index.js";
import type { InitializerName } from "../../src/nn/weights/initializers.js";
import type { RegularizerName } from "../../src/nn/weights/regularizers.js";
import { adam } from "../../src/optim/adam.js";
import type { OptimizerName } from "../../src/optim/names.js";
import { warmup } from "../../src/optim/schedules.js";

// These are checked by the compiler; running them only shows that the values agree.
test("names are typed, with the aliases of Keras, so that a misspelling does not compile", () => {
  expectTypeOf<"relu">().toExtend<ActivationName>();
  expectTypeOf<"glorotUniform" | "glorot_uniform" | "GlorotUniform">().toExtend<InitializerName>();
  expectTypeOf<"l2" | "L2">().toExtend<RegularizerName>();
  expectTypeOf<"sgd" | "SGD" | "RMSprop">().toExtend<OptimizerName>();

  // @ts-expect-error there is no such activation
  const activation: DenseOptions = { activation: "rellu" };
  // @ts-expect-error there is no such initializer
  const initializer: DenseOptions = { kernelInitializer: "glorotuniform" };
  // @ts-expect-error there is no such regularizer
  const regularizer: DenseOptions = { kernelRegularizer: "l3" };
  // @ts-expect-error there is no such optimizer
  const optimizer: Pick<CompileOptions, "optimizer"> = { optimizer: "addam" };
  // @ts-expect-error there is no such option of dense
  const option: DenseOptions = { activations: "relu" };
  expect([activation, initializer, regularizer, optimizer, option]).toHaveLength(5);
});

test("options of optimizers and schedules are typed", () => {
  // @ts-expect-error Adam has no momentum
  expect(() => adam({ momentum: 0.9 })).toThrow('unknown option of adam "momentum"');
  // @ts-expect-error clipping is by a number
  expect(() => adam({ clipNorm: true })).toThrow("clipNorm of adam must be a finite number");
  // @ts-expect-error a warm-up has a number of steps
  expect(() => warmup({ learningRate: 0.1 })).toThrow("warmupSteps of warmup must be a finite number");
});

test("a layer has no key", () => {
  const plain: Layer = dense(1);
  // @ts-expect-error what programs are shared by follows from what is traced
  const keyed: Layer = { ...plain, key: "dense" };
  expect(keyed).toBeDefined();
});
