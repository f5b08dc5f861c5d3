/**
 * What a program prints about its trial: values and reports in its lines. A line is either a number, or a
 * JSON object that has a number for each metric, with `step` for a report. All other lines are ignored. This
 * file reads no stream.
 */
import { isRecord } from "../../errors.js";

/** The content of a line. */
export interface Said {
  /** By metric. */
  readonly values: readonly number[];
  /** Set if it is a report and the program continues. */
  readonly step?: unknown;
}

/** A number as programs print it, including Python's `nan` and `inf`. */
const NUMBER = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i;
/** Numbers that JSON does not have, but most JSON writers write. */
const NOT_FINITE = /(?<=[:,[] ?)(?:NaN|[+-]?Infinity)\b/g;

/**
 * What a line says about the trial; undefined if it says nothing.
 *
 * @example
 * ```ts
 * readLine('{"step": 3, "value": 0.41}', ["value"]); // { values: [0.41], step: 3 }
 * readLine("0.25", ["value"]); // { values: [0.25] }
 * readLine("loading", ["value"]); // undefined
 * ```
 */
export function readLine(line: string, metrics: readonly string[]): Said | undefined {
  const text = line.trim();
  if (text.startsWith("{")) return readObject(text, metrics);
  return metrics.length === 1 && NUMBER.test(text) ? { values: [numberOf(text)] } : undefined;
}

/** What a file says about the trial: the complete file, or the last of its lines that says something. */
export function readFileText(text: string, metrics: readonly string[]): Said | undefined {
  const whole = readLine(text, metrics);
  if (whole) return whole;
  const lines = text.split("\n");
  for (let i = lines.length - 1; i >= 0; i--) {
    const said = readLine(lines[i], metrics);
    if (said) return said;
  }
  return undefined;
}

function readObject(text: string, metrics: readonly string[]): Said | undefined {
  if (!text.endsWith("}")) return undefined;
  const object = parsed(text) ?? parsed(text.replace(NOT_FINITE, "null"));
  if (!isRecord(object)) return undefined;
  const values = metrics.map((name) => (Object.hasOwn(object, name) ? object[name] : undefined));
  if (!values.every((value) => typeof value === "number" || value === null)) return undefined;
  const { step } = object;
  return { values: values.map((value) => value ?? Number.NaN), ...(step !== undefined && { step }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function numberOf(text: string): number {
  const [sign, size] = text.startsWith("-") ? [-1, text.slice(1)] : [1, text.replace(/^\+/, "")];
  return sign * (/^inf/i.test(size) ? Number.POSITIVE_INFINITY : Number(size)); // "nan" is NaN
}

/** The rule for a value, as text. */
export function rule(metrics: readonly string[]): string {
  const object = `{${metrics.map((name) => `${JSON.stringify(name)}: …`).join(", ")}}`;
  return metrics.length === 1 ? `a number, or ${object}` : object;
}
