/** Objects with values by name. */

/** A copy with each value mapped. */
export function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  fn: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, fn(value, name)]));
}
