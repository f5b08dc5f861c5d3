/**
 * The code that generated modules are made of, by the name that each part defines. It is text for `js.ts` to choose from: nothing of a
 * model is in it, and none of it runs here.
 */

import { HALF_DAY, WHOLE } from "../../data/numbers.js";
import type { activations } from "../../nn/activations.js";

/** A definition of a generated module. */
interface PartText {
  readonly code: string;
  /** The parts that it calls. */
  readonly needs?: readonly Part[];
}

export type Part =
  | Exclude<keyof typeof activations, "linear" | "celu">
  | ("floats" | "dense" | "erf" | "run" | "runAll")
  | ("value" | "missing" | "level" | "table" | "days" | "cycle" | "affine" | "knots")
  | (
      | "number"
      | "written"
      | "timeOfDay"
      | "orMissing"
      | "boolean"
      | "category"
      | "anyCase"
      | "date"
      | "cellOf"
      | "refuse"
    );

/** The code of the parts, those that are used first; each follows the parts that it needs. */
export function codeOf(used: Iterable<Part>): string[] {
  const all = new Set(used);
  // a set that grows is walked to its end
  for (const part of all) for (const needed of PARTS[part].needs ?? []) all.add(needed);
  return (Object.keys(PARTS) as Part[]).filter((part) => all.has(part)).map((part) => PARTS[part].code);
}

const PARTS: Readonly<Record<Part, PartText>> = {
  refuse: {
    code: `\
function refuse(name, rule, value) {
  const isObject = typeof value === "object" && value !== null;
  const received = typeof value === "string" ? JSON.stringify(value) : isObject ? "an object" : String(value);
  throw new Error(\`column \${JSON.stringify(name)} must be \${rule}; received \${received}\`);
}`,
  },
  cellOf: {
    needs: ["refuse"],
    code: `\
/** The cell of an input as a number; NaN for a missing one. */
function cellOf(row, { name, kind, categories, gaps }, read) {
  let cell = Object.hasOwn(row, name) ? row[name] : undefined;
  if (typeof cell === "string") {
    cell = cell.trim();
    if (na.has(cell.toLowerCase())) cell = undefined;
  }
  const value = cell === undefined || cell === null || Number.isNaN(cell) ? NaN : read(cell);
  if (Number.isNaN(value) && !gaps)
    refuse(name, 'present, as in every training row (train with missing: "impute" to fill it in)', cell);
  if (value === undefined) {
    const words = categories.map((word) => JSON.stringify(word));
    const own = kind === "number" ? "a number that fits float32" : \`a \${kind}\`;
    const rule = words.length > 5 ? \`one of its \${words.length} words\` : words.join(" or ") || own;
    refuse(name, rule, cell);
  }
  return value;
}`,
  },
  number: {
    code: `\
const number = (cell) => {
  const isText = typeof cell === "string" && /^[+-]?(\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?$/i.test(cell);
  const value = isText ? Number(cell) : cell;
  return Number.isFinite(value) && Number.isFinite(Math.fround(value)) ? value : undefined;
};`,
  },
  written: {
    needs: ["number"],
    code: `\
/** Text as the table has it: a pattern of a sign, a second one, digits and a scale, inside what makes a number negative. */
const written = ({ pattern, group, outer, clock, scaled }) => (cell) => {
  if (typeof cell !== "string") return number(cell);
  const text = cell.replace(/[\\u00a0\\u202f\\u2009]/g, " ").replace("\\u2212", "-").replaceAll("\\u2019", "'")
    .replace(${WHOLE}, (_, whole) => whole + "0");
  const inner = outer?.exec(text)?.slice(1).join("").trim();
  const [, sign = "", second = "", digits, scale = ""] = pattern.exec(inner ?? text) ?? [];
  if (digits === undefined || (sign + second).length + (inner === undefined ? 0 : 1) > 1) return undefined;
  const bare = digits.replaceAll(group, "").replace(",", ".");
  const power = scaled && { k: "e3", m: "e6", b: "e9" }[scale.charAt(0).toLowerCase()];
  const sixtieths = (sum, part) => 60 * sum + Number(part);
  const size = clock ? bare.split(":").reduce(sixtieths, 0) : Number(bare + (power || ""));
  return number(inner !== undefined || sign + second === "-" ? -size : size);
};`,
  },
  timeOfDay: {
    needs: ["number"],
    code: `\
/** Seconds after midnight of a time such as 10:30 PM. */
const timeOfDay = (cell) => {
  if (typeof cell !== "string") return number(cell);
  const [, hour, minute = "0", second = "0", half] = ${HALF_DAY}.exec(cell) ?? [];
  if (half === undefined) return undefined;
  return (((hour % 12) + (/p/i.test(half) ? 12 : 0)) * 60 + Number(minute)) * 60 + Number(second.replace(",", "."));
};`,
  },
  orMissing: {
    code: `\
const orMissing = (words, read) => {
  const none = new Set(words);
  return (cell) => (typeof cell === "string" && none.has(cell.toLowerCase()) ? NaN : read(cell));
};`,
  },
  boolean: {
    code: `\
const boolean = (words) => {
  const own = words.map((word, code) => [word.toLowerCase(), code]);
  const codes = new Map([["false", 0], ["true", 1], ...own]);
  return (cell) => (typeof cell === "object" ? undefined : codes.get(String(cell).toLowerCase()));
};`,
  },
  category: {
    code: `\
/** Of a word that is not there, \`other\`; it is refused if that is left out. */
const category = (words, other) => {
  const codes = new Map(words.map((word, code) => [word, code]));
  return (cell) => (typeof cell === "object" ? undefined : (codes.get(String(cell)) ?? other));
};`,
  },
  anyCase: {
    needs: ["category"],
    code: `\
/** Words that differ only in case or spaces are one. */
const anyCase = (words, other) => {
  const folded = (word) => word.toLowerCase().replace(/\\s+/g, " ");
  const codeOf = category(words.map(folded), other);
  return (cell) => codeOf(typeof cell === "string" ? folded(cell) : cell);
};`,
  },
  date: {
    code: `\
/** Milliseconds since 1970. */
const date = (cell) => {
  let moment = cell.valueOf();
  if (typeof cell === "string") {
    const [, day = "", time = "00:00", zone = "Z"] =
      /^(\\d{4}-\\d\\d-\\d\\d)(?:[T ](\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?)(Z|[+-]\\d\\d:\\d\\d)?)?$/.exec(cell) ?? [];
    const isDay = new Date(day).getUTCDate() === Number(day.slice(8)); // not a 30th of February
    moment = isDay ? Date.parse(\`\${day}T\${time}\${zone}\`) : NaN;
  }
  return Number.isFinite(moment) ? moment : undefined;
};`,
  },
  value: { code: "const value = (cell) => cell;" },
  missing: { code: "const missing = (cell, isMissing) => (isMissing ? 1 : 0);" },
  level: { code: "const level = (code) => (cell) => (cell === code ? 1 : 0);" },
  table: { code: "const table = (numbers, other) => (cell) => numbers[cell] ?? other;" },
  days: { code: "const days = (cell) => cell / 864e5;" },
  cycle: {
    code: `\
const cycle = (length, wave) => (cell) => {
  const turns = cell / 864e5 / length;
  return wave(2 * Math.PI * (turns - Math.floor(turns)));
};`,
  },
  affine: { code: "const affine = (center, scale) => (value) => (value - center) / scale;" },
  knots: {
    code: `\
/** Linear between pairs of a value and its score, and the score of the nearer end beyond. */
const knots = (pairs) => (value) => {
  const next = pairs.findIndex(([at]) => at > value);
  if (next < 0) return pairs.at(-1)[1];
  if (next === 0) return pairs[0][1];
  const [[from, low], [to, high]] = pairs.slice(next - 1, next + 1);
  return Math.min(low + (high - low) * ((value - from) / (to - from)), high);
};`,
  },
  floats: {
    code: `\
/** Numbers from the base64 of float32, little-endian. */
function floats(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}`,
  },
  dense: {
    code: `\
/** x · kernel [inputs, units] + bias, each step rounded to float32. */
const dense = (units, kernel, bias) => (x) => {
  const y = new Float32Array(units);
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < units; j++) y[j] += Math.fround(x[i] * kernel[i * units + j]);
  return bias ? y.map((value, j) => value + bias[j]) : y;
};`,
  },
  relu: { code: "const relu = (x) => x.map((value) => (value < 0 ? 0 : value));" },
  tanh: { code: "const tanh = (x) => x.map(Math.tanh);" },
  sigmoid: { code: "const sigmoid = (x) => x.map((value) => 1 / (1 + Math.exp(-value)));" },
  softplus: {
    code: "const softplus = (x) => x.map((value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))));",
  },
  softmax: {
    code: `\
const softmax = (x) => {
  const top = x.reduce((most, value) => Math.max(most, value));
  const powers = x.map((value) => Math.exp(Math.fround(value - top)));
  const sum = Math.fround(powers.reduce((total, power) => total + power));
  return powers.map((power) => power / sum);
};`,
  },
  erf: {
    code: `\
/** 2/√π · e^(−x²) · (x + 2x³/3 + 4x⁵/15 + …), whose terms do not cancel; 1 beyond 4, as in float32. */
function erf(x) {
  if (Math.abs(x) > 4) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (2 * x * x) / n;
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}`,
  },
  gelu: {
    needs: ["erf"],
    code: `\
const gelu = (x) =>
  x.map((value) => (value / 2) * (1 + Math.fround(erf(Math.fround(value * Math.fround(Math.SQRT1_2))))));`,
  },
  elu: {
    code: "const elu = (alpha) => (x) => x.map((value) => (value > 0 ? value : alpha * Math.expm1(value)));",
  },
  exponential: { code: "const exponential = (x) => x.map(Math.exp);" },
  geluTanh: {
    code: `\
const geluTanh = (x) =>
  x.map((value) => value / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * value * (1 + 0.044715 * value * value))));`,
  },
  hardSigmoid: {
    code: "const hardSigmoid = (x) => x.map((value) => Math.min(Math.max(value + 3, 0), 6) / 6);",
  },
  hardSilu: {
    code: "const hardSilu = (x) => x.map((value) => (value * Math.min(Math.max(value + 3, 0), 6)) / 6);",
  },
  hardTanh: { code: "const hardTanh = (x) => x.map((value) => Math.min(Math.max(value, -1), 1));" },
  leakyRelu: {
    code: `\
/** @param slope one number, or one for each value */
const leakyRelu = (slope) => (x) => x.map((value, j) => (value > 0 ? value : value * (slope[j] ?? slope)));`,
  },
  logSigmoid: {
    code: "const logSigmoid = (x) => x.map((value) => Math.min(value, 0) - Math.log1p(Math.exp(-Math.abs(value))));",
  },
  logSoftmax: {
    code: `\
const logSoftmax = (x) => {
  const top = x.reduce((most, value) => Math.max(most, value));
  const sum = x.reduce((total, value) => total + Math.exp(value - top), 0);
  return x.map((value) => value - top - Math.log(sum));
};`,
  },
  mish: {
    needs: ["softplus"],
    code: "const mish = (x) => softplus(x).map((value, j) => x[j] * Math.tanh(value));",
  },
  relu6: { code: "const relu6 = (x) => x.map((value) => Math.min(Math.max(value, 0), 6));" },
  selu: {
    code: `\
const selu = (x) =>
  x.map((value) => 1.0507009873554805 * (value > 0 ? value : 1.6732632423543772 * Math.expm1(value)));`,
  },
  silu: { code: "const silu = (x) => x.map((value) => value / (1 + Math.exp(-value)));" },
  softsign: { code: "const softsign = (x) => x.map((value) => value / (1 + Math.abs(value)));" },
  run: { code: "const run = (x) => network.reduce((values, layer) => layer(values), x);" },
  runAll: {
    code: `\
/** The mean of the results of the networks. */
function run(x) {
  const results = networks.map((network) => network.reduce((values, layer) => layer(values), x));
  const [first, ...others] = mean.map((k) => results[k]);
  const sums = others.reduce((sum, result) => sum.map((value, j) => value + result[j]), first);
  return sums.map((value) => value / mean.length);
}`,
  },
};
