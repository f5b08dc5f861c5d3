/** A row of a test's table, or an error that says which row is missing. */
export function rowOf<T>(table: Readonly<Record<string, T>>, name: string, where: string): T {
  if (!Object.hasOwn(table, name)) throw new Error(`add a row ${name} to ${where}`);
  return table[name];
}
