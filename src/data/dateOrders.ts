/** In which orders of day, month and year the cells of a column are dates. */
import { parseDate } from "./dates.js";
import { DATE_ORDERS, type DateOrder } from "./days.js";

/** The orders in which every cell is a date. */
export function dateOrdersOf(cells: Iterable<string>): DateOrder[] {
  let orders: DateOrder[] = [...DATE_ORDERS];
  for (const cell of cells) {
    orders = orders.filter((order) => parseDate(cell, order) !== undefined);
    if (orders.length === 0) break;
  }
  return orders;
}

/** Whether a cell is a date in some order. */
export const isDate = (cell: string): boolean => dateOrdersOf([cell]).length > 0;
