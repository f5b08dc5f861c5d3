/** The arrays of built-in layers: their initializers, regularizers and constraints. */
import { abs, add, mul, square, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
import { recipeOf } from "../../recipe.js";
import { type ConstraintLike, getConstraint } from "../weights/constraints.js";
import {
  getInitializer,
  type Initializer,
  type InitializerFunction,
  initializerRecipe,
} from "../weights/initializers.js";
import { getRegularizer, type Regularizer, type RegularizerName } from "../weights/regularizers.js";
import type { LayerDefinition, ParameterSpec } from "./layer.js";

/** The settings of an array. */
export interface ArrayOptions {
  /** Default `glorotUniform`. */
  readonly initializer?: Initializer | undefined;
  readonly regularizer?: RegularizerName | Regularizer | undefined;
  readonly constraint?: ConstraintLike | undefined;
}

/**
 * The options of a layer for one of its arrays: `kernelInitializer`, `kernelRegularizer`, `kernelConstraint`.
 */
type OptionsOf<Name extends string> = {
  readonly [K in `${Name}Initializer`]?: ArrayOptions["initializer"];
} & {
  readonly [K in `${Name}Regularizer`]?: ArrayOptions["regularizer"];
} & { readonly [K in `${Name}Constraint`]?: ArrayOptions["constraint"] };

/** A layer's options for the array with this name. */
export function arrayOptions<Name extends string>(options: OptionsOf<Name>, name: Name): ArrayOptions {
  const given: Readonly<Record<string, unknown>> = { ...options };
  return {
    initializer: given[`${name}Initializer`] as ArrayOptions["initializer"],
    regularizer: given[`${name}Regularizer`] as ArrayOptions["regularizer"],
    constraint: given[`${name}Constraint`] as ArrayOptions["constraint"],
  };
}

/** The arrays of a layer. */
export interface Arrays extends Pick<Required<LayerDefinition>, "hyperparameters" | "penalty"> {
  /** One of them. */
  spec(name: string, shape: Shape): ParameterSpec;
  /** The parts of the layer's recipe. */
  readonly recipe: readonly unknown[];
}

/** The arrays of a layer by name. @throws FettleError `invalid_argument`, `unknown_name` */
export function arraysOf(given: Readonly<Record<string, ArrayOptions>>): Arrays {
  const starts: Record<string, InitializerFunction> = {};
  const constraints: Record<string, ReturnType<typeof getConstraint>> = {};
  const penalties: Record<string, number> = {};
  const numbers: Record<string, number> = {};
  for (const [name, array] of Object.entries(given)) {
    const { initializer = "glorotUniform", regularizer, constraint } = array;
    starts[name] = getInitializer(initializer);
    if (regularizer !== undefined) Object.assign(penalties, named(name, getRegularizer(regularizer)));
    if (constraint === undefined) continue;
    constraints[name] = getConstraint(constraint);
    Object.assign(numbers, named(name, constraints[name].hyperparameters));
  }
  const hyperparameters = { ...penalties, ...numbers };
  return {
    hyperparameters,
    spec(name, shape) {
      const constraint = constraints[name];
      return {
        name,
        shape,
        initializer: starts[name],
        ...(constraint && {
          constraint: (weight: Value, all: Readonly<Record<string, Value>>) =>
            constraint.project(weight, ownOf(name, constraint.hyperparameters, all)),
        }),
      };
    },
    penalty({ parameters, hyperparameters: weights }) {
      return Object.keys(penalties)
        .map((key) => {
          const [name, norm] = key.split(".");
          const parameter = parameters[name];
          return mul(weights[key], sum(norm === "l1" ? abs(parameter) : square(parameter)));
        })
        .reduce<Value | undefined>(
          (total, term) => (total === undefined ? term : add(total, term)),
          undefined,
        );
    },
    recipe: [
      ...Object.keys(given),
      ...Object.values(starts).map(initializerRecipe),
      Object.keys(hyperparameters),
      ...Object.entries(constraints).flatMap(([name, constraint]) => [name, recipeOf(constraint)]),
    ],
  };
}

/** Numbers by their names in the layer: `kernel.l2`. */
function named(array: string, numbers: object): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`${array}.${name}`, value]));
}

/** The inverse: the numbers of one array, from those of the layer. */
function ownOf(
  array: string,
  names: object,
  all: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, all[`${array}.${name}`]]));
}
