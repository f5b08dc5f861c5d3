/**
 * Padded sequences, as options of a pipeline: a step is padding if all its numbers are `maskValue`; then they
 * stay unchanged. It knows no network.
 */
import { check, checkOptions, must, mustBeInteger, type OptionNames, show } from "../../errors.js";
import type { Input } from "../dataset.js";

/** Inputs that are the steps of a sequence, one step after the other. */
export interface PaddedSteps {
  /** The place of the first of these inputs among all, from 0. */
  readonly first: number;
  readonly steps: number;
  /** Inputs of a step, all numbers. */
  readonly features: number;
  /** The value of all inputs of a padding step, in float32. */
  readonly maskValue: number;
}

const NAMES: OptionNames<PaddedSteps> = { first: true, steps: true, features: true, maskValue: true };

/**
 * @throws FettleError `invalid_argument`, `unknown_name` for steps that are not among the inputs, are not
 * numbers, or overlap
 */
export function checkPadding(given: unknown, inputs: readonly Pick<Input, "name" | "kind">[]): void {
  must(Array.isArray(given), "padding", "a list of { first, steps, features, maskValue }", given);
  let end = 0;
  for (const each of given as readonly PaddedSteps[]) {
    checkOptions(each, "padding", NAMES);
    const { first, steps, features, maskValue } = each;
    mustBeInteger("first of padding", first, 0);
    mustBeInteger("steps of padding", steps);
    mustBeInteger("features of padding", features);
    must(Number.isFinite(Math.fround(maskValue)), "maskValue of padding", "a finite number", maskValue);
    check(
      first >= end && first + steps * features <= inputs.length,
      () =>
        `padding must name inputs before ${inputs.length}, in their order and each once; received ${show(each)}`,
    );
    end = first + steps * features;
    const odd = inputs.slice(first, end).find(({ kind }) => kind !== "number");
    check(
      odd === undefined,
      () => `padding must name columns of numbers; received ${show(odd?.name)}, a ${odd?.kind}`,
    );
  }
}

/** The steps that start or continue at each input, by its place. */
export function stepsByInput(padding: readonly PaddedSteps[] = []): ReadonlyMap<number, PaddedSteps> {
  return new Map(
    padding.flatMap((own) =>
      Array.from({ length: own.steps * own.features }, (_, i) => [own.first + i, own] as const),
    ),
  );
}
