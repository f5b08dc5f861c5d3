/** Checks that the functions of this folder share. */
import { check, must, show } from "../errors.js";

/** Whether `value` is an array or a typed array. */
export function isArray(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

/** The place of an element of an array, for people. */
export const atIndex = (i: number): string => `at index ${i}`;

/** Refuses anything but an array or a typed array. */
export function mustBeArray(name: string, value: unknown, rule: string): void {
  must(isArray(value), name, rule, value);
}

/** The ids of all rows, in order. */
export const everyRow = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);

/** Refuses anything but an array of row ids of a table with `all` rows. */
export function checkRowIds(rows: ArrayLike<number>, all: number): void {
  mustBeArray("rows", rows, "an array of row ids");
  for (let i = 0; i < rows.length; i++) {
    check(
      Number.isInteger(rows[i]) && rows[i] >= 0 && rows[i] < all,
      () => `rows must hold integers from 0 to ${all - 1}; received ${show(rows[i])} at index ${i}`,
    );
  }
}
