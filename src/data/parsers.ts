/** The parsers of all kinds of columns, for code that reads any table. */
import { parseDate } from "./dates.js";
import { parseNumber } from "./numbers.js";
import type { Parsers } from "./read.js";

export const PARSERS: Parsers = { parseDate, parseNumber };
