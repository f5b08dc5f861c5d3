/** What the JSON of a space says of a point, read a second time from the JSON itself. */

type Json = Readonly<Record<string, unknown>>;

/** Why a point is not one of the space; undefined if it is one. */
export function faultIn(space: Json, params: Json): string | undefined {
  const surplus = Object.keys(params).find((name) => !Object.hasOwn(space, name));
  if (surplus !== undefined) return `no parameter ${surplus}`;
  for (const [name, parameter] of Object.entries(space) as [string, Json][]) {
    const has = Object.hasOwn(params, name);
    if (has !== applies(space, params, name)) return `${name} ${has ? "does not apply" : "is missing"}`;
    const fault = has ? faultOf(parameter, params[name]) : undefined;
    if (fault) return `${name} ${fault}: ${JSON.stringify(params[name])}`;
  }
  return undefined;
}

function applies(space: Json, params: Json, name: string): boolean {
  const when = (space[name] as Json).when ?? {};
  return Object.entries(when as object).every(([parent, clause]) => {
    if (!applies(space, params, parent)) return false;
    const value = params[parent];
    if (Array.isArray(clause)) return isAmong(clause, value);
    const { low = -Infinity, high = Infinity } = clause as { low?: number; high?: number };
    return (value as number) >= low && (value as number) <= high;
  });
}

function faultOf({ type, values, low, high, step }: Json, value: unknown): string | undefined {
  if (type === "choice") return isAmong(values as unknown[], value) ? undefined : "is not among the values";
  const [from, to] = [low as number, high as number];
  if (typeof value !== "number" || value < from || value > to) return "is outside its range";
  if (type === "int" && !Number.isInteger(value)) return "is no integer";
  if (step === undefined) return undefined;
  const steps = (value - from) / (step as number);
  // the value and the quotient are rounded, each by 2^-53 of what is largest
  const rounding =
    (8 * 2 ** -53 * Math.max(Math.abs(value), Math.abs(from))) / (step as number) + 1e-9 * steps;
  return Math.abs(steps - Math.round(steps)) > rounding + 1e-9 ? "is between its steps" : undefined;
}

const isAmong = (values: readonly unknown[], value: unknown): boolean =>
  values.some((each) => sorted(each) === sorted(value));

/** JSON with its keys in order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, each) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
