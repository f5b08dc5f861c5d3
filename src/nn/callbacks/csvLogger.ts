import { must } from "../../errors.js";
import { listOf, type OptionRules, readOptions, rule } from "../../rules.js";
import type { Callback } from "./callback.js";
import { perTraining } from "./perTraining.js";

/** How `csvLogger` writes. */
export interface CsvLoggerOptions {
  /** Between the cells of a line. Default `","`. */
  readonly separator?: string;
}

const RULES = {
  separator: [rule("a text that is not empty", (value) => typeof value === "string" && value !== ""), ","],
} satisfies OptionRules<CsvLoggerOptions>;

/** The state of a training. */
interface State {
  /** Those of the line of names, once that is written. */
  names?: readonly string[];
}

const STATE = {
  names: listOf<string>("a list of names", (name) => typeof name === "string"),
} satisfies OptionRules<State>;

/**
 * Writes the numbers of each epoch as a line of a table, after a line of names: Keras' `CSVLogger`, except
 * that the caller writes the lines.
 *
 * @param write - receives a line without its line end; a promise is awaited
 * @throws FettleError `invalid_argument`, `unknown_name`
 * @example
 * ```ts
 * const lines: string[] = [];
 * const model = sequential([dense(1, { kernelInitializer: "zeros" })]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const logger = csvLogger((line) => void lines.push(line));
 * await model.fit([[0], [1]], [0, 0], { epochs: 2, validationSplit: 0.5, callbacks: [logger] });
 * lines; // ["epoch,loss,valLoss", "0,0,0", "1,0,0"]
 * ```
 */
export function csvLogger(
  write: (line: string) => void | Promise<void>,
  options: CsvLoggerOptions = {},
): Callback {
  must(typeof write === "function", "write", "a function of a line", write);
  const { separator } = readOptions(options, "csvLogger", RULES);
  const line = (cells: readonly unknown[]): string =>
    cells.map((cell) => quoted(String(cell))).join(separator);
  const quoted = (cell: string): string =>
    cell.includes(separator) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const [callback] = perTraining<State>("csvLogger", { separator }, STATE, {}, (own) => ({
    async onEpochEnd(epoch, logs) {
      if (own.names === undefined) {
        own.names = Object.keys(logs);
        await write(line(["epoch", ...own.names]));
      }
      await write(line([epoch, ...own.names.map((name) => logs[name])]));
    },
  }));
  return callback;
}
