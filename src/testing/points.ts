/** The points of a space, by independently written rules, so that the library does not judge itself. */
import type { Parameter } from "../search/space/parameter.js";
import type { Params, Space } from "../search/space/space.js";
import { valueKey } from "../search/space/value.js";
import { fail } from "./laws.js";

/** Fails unless `params` is a point of the space. */
export function checkPoint(space: Space, params: Params): void {
  for (const name of Object.keys(params)) if (!(name in space)) fail(`no parameter ${name} in the space`);
  const applies = (name: string): boolean =>
    Object.entries(space[name].when ?? {}).every(([parent, clause]) => {
      if (!applies(parent)) return false;
      const value = params[parent];
      if (Array.isArray(clause)) return clause.map(valueKey).includes(valueKey(value));
      const { low, high } = clause as { low?: number; high?: number };
      return (
        (low === undefined || (value as number) >= low) && (high === undefined || (value as number) <= high)
      );
    });
  for (const [name, parameter] of Object.entries(space)) {
    if (name in params !== applies(name)) fail(`${name} ${name in params ? "does not apply" : "is missing"}`);
    if (name in params) checkValue(name, parameter, params[name]);
  }
}

function checkValue(name: string, parameter: Parameter, value: unknown): void {
  if (parameter.type === "choice") {
    if (!parameter.values.map(valueKey).includes(valueKey(value)))
      fail(`${name} cannot be ${JSON.stringify(value)}`);
    return;
  }
  if (typeof value !== "number" || !(value >= parameter.low && value <= parameter.high)) {
    fail(`${name} is outside [${parameter.low}, ${parameter.high}]: ${value}`);
  }
  if (parameter.type === "int" && !Number.isInteger(value)) fail(`${name} is not an integer: ${value}`);
  if (parameter.step !== undefined) {
    const steps = (value - parameter.low) / parameter.step;
    // a step count above 2^20 would need a wider bound: both operands are rounded to 2^-53
    if (Math.abs(steps - Math.round(steps)) > 1e-6)
      fail(`${name} is not a multiple of its step ${parameter.step}: ${value}`);
  }
}

/** Every point of a finite space, by nested loops over all values. */
export function everyPoint(space: Space): Params[] {
  let points: Params[] = [{}];
  const left = new Set(Object.keys(space));
  while (left.size > 0) {
    for (const name of left) {
      const { when = {}, ...parameter } = space[name];
      if (Object.keys(when).some((parent) => left.has(parent))) continue;
      left.delete(name);
      const values = valuesOf(parameter as Parameter);
      points = points.flatMap((params) =>
        values
          .map((value) => ({ ...params, [name]: value }))
          .concat(Object.keys(when).length > 0 ? [params as never] : []),
      );
    }
  }
  const different = new Map(points.map((params) => [valueKey(params), params]));
  return [...different.values()].filter((params) => {
    try {
      checkPoint(space, params);
      return true;
    } catch {
      return false;
    }
  });
}

function valuesOf(parameter: Parameter): Params[string][] {
  if (parameter.type === "choice") return [...parameter.values];
  const step = parameter.step ?? 1;
  const values: number[] = [];
  for (let i = 0; ; i++) {
    // random steps have at most 7 decimals; + 0 turns -0 into 0
    const value = Number((parameter.low + i * step).toFixed(12)) + 0;
    if (value > parameter.high) return values;
    values.push(value);
  }
}
