/**
 * Passes over all rows of a table: usually one, and a second for columns whose text turns out to matter. Only
 * `table.ts` knows where the rows come from.
 */
import { ColumnBuilder, type RawColumn } from "./cells.js";
import { checkNames, missingWords, needWords } from "./infer.js";
import { missingIn, type Schema, type SchemaOptions } from "./schema.js";

/** A column being read, and its place among the cells of a row. */
export interface Reading {
  readonly builder: ColumnBuilder;
  readonly place: number;
}

/**
 * Reads all rows once.
 *
 * @param open - called once, with the names; returns the wanted columns
 * @returns the number of rows
 */
export type Pass = (
  open: (names: readonly string[], capacityFor: (rows: number) => number) => readonly Reading[],
) => number;

/** The cells of every wanted column. Columns whose text turns out to be needed are read a second time. */
export function readCells(
  pass: Pass,
  known: Schema | undefined,
  options: SchemaOptions,
): { names: readonly string[]; rows: number; cells: Map<string, RawColumn> } {
  const wanted = known && new Map(known.columns.map((column) => [column.name, column]));
  /** Whether a column is read as words from the start; undefined if it is not wanted. */
  const asWords = (name: string): boolean | undefined => {
    if (!wanted) return (options.as?.[name] ?? "number") !== "number";
    const column = wanted.get(name);
    return column && (column.kind !== "number" || column.format !== undefined);
  };
  const cells = new Map<string, RawColumn>();
  let names: readonly string[] = [];
  const read = (wordsOf: (name: string) => boolean | undefined): [number, ColumnBuilder[]] => {
    let builders: readonly Reading[] = [];
    const rows = pass((found, capacityFor) => {
      names = found;
      if (!known) checkNames(options, names);
      const isMissing = missingIn({ na: known ? known.na : missingWords(options) });
      builders = names.flatMap((name, place) => {
        const isWords = wordsOf(name);
        return isWords === undefined
          ? []
          : [{ builder: new ColumnBuilder(name, isMissing, capacityFor, isWords), place }];
      });
      return builders;
    });
    return [rows, builders.map(({ builder }) => builder)];
  };
  const [rows, builders] = read(asWords);
  for (const builder of builders) if (!builder.mustRepeat) cells.set(builder.name, builder.finish());
  const broken = builders.flatMap(({ name, mustRepeat }) => (mustRepeat ? [name] : []));
  const again = new Set([...broken, ...(known ? [] : needWords([...cells.values()], options))]);
  if (again.size > 0)
    for (const builder of read((name) => again.has(name) || undefined)[1])
      cells.set(builder.name, builder.finish());
  // in the order of the text
  const ordered = names.flatMap((name) =>
    cells.has(name) ? [[name, cells.get(name) as RawColumn] as const] : [],
  );
  return { names, rows, cells: new Map(ordered) };
}
