/** A rule that is called for each array within the vector of all parameters. It knows no rule. */
import { check } from "../errors.js";
import { concat, reshape } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { sizeOf } from "../graph/shape.js";
import { EVALUATION } from "./ema.js";
import type { InitContext, ParameterArray, Slots, Update, UpdateContext } from "./optimizer.js";
import { mapParts } from "./parts.js";

/** Slots of array 2 are called `2.momentum` and so on. */
export function slotsOfEach(
  context: InitContext,
  arrays: readonly ParameterArray[],
  init: (context: InitContext) => Slots,
): Slots {
  const parameters = shaped(context.parameter, arrays);
  const paths = arrays.map(({ path }) => path);
  const all = paths.map((path, i) => init({ ...context, parameter: parameters[i], path, paths }));
  check(
    all.every((slots) => !Object.hasOwn(slots, EVALUATION)),
    `a rule that is perArray must not have a slot "${EVALUATION}"; useEma gives it one`,
  );
  return together(all);
}

/** The update of each array, end to end. */
export function updateOfEach(
  context: UpdateContext,
  arrays: readonly ParameterArray[],
  update: (context: UpdateContext) => Update,
): Update {
  const [parameters, gradients] = [context.parameter, context.gradient].map((vector) =>
    shaped(vector, arrays),
  );
  const results = arrays.map(({ path }, i) => {
    const own = Object.entries(context.slots).flatMap(([name, slot]) =>
      name.startsWith(`${i}.`) ? [[name.slice(`${i}.`.length), slot] as const] : [],
    );
    const slots = Object.fromEntries(own);
    return update({ ...context, parameter: parameters[i], gradient: gradients[i], slots, path });
  });
  return {
    update: concat(results.map(({ update }) => reshape(update, [sizeOf(update.shape)]))),
    slots: together(results.map(({ slots = {} }) => slots)),
  };
}

function shaped(vector: Value, arrays: readonly ParameterArray[]): Value[] {
  const sizes = arrays.map(({ shape }) => sizeOf(shape));
  return mapParts(vector, sizes, (part, i) => reshape(part, arrays[i].shape));
}

function together(all: readonly Slots[]): Slots {
  return Object.fromEntries(
    all.flatMap((slots, i) => Object.entries(slots).map(([name, slot]) => [`${i}.${name}`, slot])),
  );
}
