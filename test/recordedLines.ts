/**
 * The properties of a value: a line for each object in it, with what is not an object. Numbers have six
 * digits, which every machine computes alike.
 */
export function recordedLines(value: unknown, path: string): string[] {
  const isFlat = (each: unknown): boolean =>
    each === null || typeof each !== "object" || (Array.isArray(each) && each.every(isFlat));
  const rounded = (_: string, each: unknown) =>
    typeof each === "number" ? Number(each.toPrecision(6)) : typeof each === "function" ? "a function" : each;
  if (isFlat(value)) return [`${path} ${JSON.stringify(value, rounded)}`];
  const entries = Object.entries(value as object);
  const own = Object.fromEntries(entries.filter(([, each]) => isFlat(each)));
  return [
    `${path} ${JSON.stringify(own, rounded)}`,
    ...entries.flatMap(([name, each]) => (isFlat(each) ? [] : recordedLines(each, `${path}.${name}`))),
  ];
}
