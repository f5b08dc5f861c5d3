/**
 * The parts of generated modules as code, by the name that each defines. `js.ts` chooses among them: they
 * contain nothing of a model, and none runs here.
 */

import { HALF_DAY, WHOLE } from "../../data/numbers.js";

/** The code of the parts; each follows the parts that it needs. */
export function codeOf(used: Iterable<Part>): string[] {
  const all = new Set(used);
  // iterating a growing set reaches its end
  for (const part of all) for (const needed of NEEDS[part] ?? []) all.add(needed);
  return (Object.keys(PARTS) as Part[]).filter((part) => all.has(part)).map((part) => PARTS[part]);
}

/** The code of each part. */
const PARTS = {
  refuse: `\
function refuse(name, rule, value) {
  const isObject = typeof value === "object" && value !== null;
  const received = typeof value === "string" ? JSON.stringify(value) : isObject ? "an object" : String(value);
  throw new Error(\`column \${JSON.stringify(name)} must be \${rule}; received \${received}\`);
}`,
  cellOf: `\
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
  number: `\
const number = (cell) => {
  const isText = typeof cell === "string" && /^[+-]?(\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?$/i.test(cell);
  const value = isText ? Number(cell) : cell;
  return Number.isFinite(value) && Number.isFinite(Math.fround(value)) ? value : undefined;
};`,
  written: `\
/**
 * Text as the table has it: a pattern of a sign, a second one, digits and a scale, inside the marks of a
 * negative number.
 */
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
  timeOfDay: `\
/** Seconds after midnight of a time such as 10:30 PM. */
const timeOfDay = (cell) => {
  if (typeof cell !== "string") return number(cell);
  const [, hour, minute = "0", second = "0", half] = ${HALF_DAY}.exec(cell) ?? [];
  if (half === undefined) return undefined;
  return (((hour % 12) + (/p/i.test(half) ? 12 : 0)) * 60 + Number(minute)) * 60 + Number(second.replace(",", "."));
};`,
  orMissing: `\
const orMissing = (words, read) => {
  const none = new Set(words);
  return (cell) => (typeof cell === "string" && none.has(cell.toLowerCase()) ? NaN : read(cell));
};`,
  folded: `\
/** Words that differ only in case or spaces are one. */
const folded = (word) => word.toLowerCase().replace(/\\s+/g, " ");`,
  boolean: `\
const boolean = (words) => {
  const own = words.map((word, code) => [folded(word), code]);
  const codes = new Map([["false", 0], ["true", 1], ...own]);
  return (cell) => (typeof cell === "object" ? undefined : codes.get(folded(String(cell))));
};`,
  category: `\
/** Of a word that is not there, \`other\`; it is refused if that is left out. */
const category = (words, other) => {
  const codes = new Map(words.map((word, code) => [word, code]));
  return (cell) => (typeof cell === "object" ? undefined : (codes.get(String(cell)) ?? other));
};`,
  anyCase: `\
const anyCase = (words, other) => {
  const codeOf = category(words.map(folded), other);
  return (cell) => codeOf(typeof cell === "string" ? folded(cell) : cell);
};`,
  date: `\
/** Milliseconds since 1970. */
const date = (cell) => {
  let moment = cell.valueOf();
  if (typeof cell === "string") {
    const [, day = "", time = "00:00", zone = "Z"] =
      /^(\\d{4}-\\d\\d-\\d\\d)(?:[T ]((?!24)\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?)(Z|[+-]\\d\\d:\\d\\d)?)?$/.exec(cell) ?? [];
    const isDay = new Date(day).getUTCDate() === Number(day.slice(8)); // not a 30th of February
    moment = isDay ? Date.parse(\`\${day}T\${time}\${zone}\`) : NaN;
  }
  return Number.isFinite(moment) ? moment : undefined;
};`,
  value: "const value = (cell) => cell;",
  missing: "const missing = (cell, isMissing) => (isMissing ? 1 : 0);",
  level: "const level = (code) => (cell) => (cell === code ? 1 : 0);",
  table: "const table = (numbers, other) => (cell) => numbers[cell] ?? other;",
  days: "const days = (cell) => cell / 864e5;",
  cycle: `\
const cycle = (length, wave) => (cell) => {
  const turns = cell / 864e5 / length;
  return wave(2 * Math.PI * (turns - Math.floor(turns)));
};`,
  affine: "const affine = (center, scale) => (value) => (value - center) / scale;",
  knots: `\
/** Linear between pairs of a value and its score, and the score of the nearer end beyond. */
const knots = (pairs) => (value) => {
  const next = pairs.findIndex(([at]) => at > value);
  if (next < 0) return pairs.at(-1)[1];
  if (next === 0) return pairs[0][1];
  const [[from, low], [to, high]] = pairs.slice(next - 1, next + 1);
  return Math.min(low + (high - low) * ((value - from) / (to - from)), high);
};`,
  floats: `\
/** Numbers from the base64 of float32, little-endian. */
function floats(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}`,
  f: "const f = Math.fround;",
  product: `\
/** y = x · w, [k] · [k, n], each step rounded to float32. */
function product(x, w, y) {
  y.fill(0);
  for (let p = 0; p < x.length; p++)
    for (let j = 0; j < y.length; j++) y[j] += Math.fround(x[p] * w[p * y.length + j]);
}`,
  products: `\
/** y = x · w, [m, k] · [k, n] for each matrix of x, each step rounded to float32. */
function products(x, w, y, m, k, n) {
  y.fill(0);
  for (let p = 0; p < x.length; p++) {
    const to = Math.floor(p / k) * n;
    const from = (Math.floor(p / (m * k)) * k + (p % k)) * n;
    for (let j = 0; j < n; j++) y[to + j] += Math.fround(x[p] * w[from + j]);
  }
}`,
  fold: `\
/** Joins the numbers along an axis of a length, before axes of \`inner\` numbers. */
function fold(x, y, length, inner, first, join) {
  for (let j = 0; j < y.length; j++) {
    let all = first;
    for (let k = 0; k < length; k++) all = join(all, x[(Math.floor(j / inner) * length + k) * inner + (j % inner)]);
    y[j] = all;
  }
}`,
  softmax: `\
/** The softmax along the last axis, or its logarithm. */
function softmax(x, y, columns, isLog) {
  for (let at = 0; at < x.length; at += columns) {
    let [top, sum] = [-Infinity, 0];
    for (let i = at; i < at + columns; i++) top = Math.max(top, x[i]);
    for (let i = at; i < at + columns; i++) sum += Math.exp(x[i] - top);
    for (let i = at; i < at + columns; i++)
      y[i] = isLog ? x[i] - top - Math.log(sum) : Math.exp(x[i] - top) / sum;
  }
}`,
  takeRows: `\
/** Rows of a table by number; NaN for invalid numbers. */
function takeRows(table, ids, y, columns) {
  for (let i = 0; i < y.length; i++) {
    const id = ids[Math.floor(i / columns)];
    y[i] = Number.isInteger(id) ? (table[id * columns + (i % columns)] ?? NaN) : NaN;
  }
}`,
  placesIn: `\
/** Where the elements of windows are in an image: by window, element and channel; -1 for padding. */
function placesIn({ image: [, height, width, channels], windows: [down, across], size, strides, dilation, before }) {
  const places = [];
  for (let i = 0; i < down; i++)
    for (let j = 0; j < across; j++)
      for (let p = 0; p < size[0]; p++)
        for (let q = 0; q < size[1]; q++) {
          const y = i * strides[0] - before[0] + p * dilation[0];
          const x = j * strides[1] - before[1] + q * dilation[1];
          const isInside = y >= 0 && y < height && x >= 0 && x < width;
          for (let c = 0; c < channels; c++) places.push(isInside ? (y * width + x) * channels + c : -1);
        }
  return Int32Array.from(places);
}`,
  patches: `\
/** For each image of x the elements of its windows. */
function patches(x, y, places) {
  const size = (x.length * places.length) / y.length;
  for (let i = 0; i < y.length; i++) {
    const place = places[i % places.length];
    y[i] = place < 0 ? 0 : x[Math.floor(i / places.length) * size + place];
  }
}`,
  addPatches: `\
/** Elements of windows, added up in images. */
function addPatches(x, y, places) {
  const size = (y.length * places.length) / x.length;
  y.fill(0);
  for (let i = 0; i < x.length; i++) {
    const place = places[i % places.length];
    if (place >= 0) y[Math.floor(i / places.length) * size + place] += x[i];
  }
}`,
  takeLargest: `\
/**
 * Elements of x where the largest of the selector's windows are: the first of equals, and NaN before numbers.
 */
function takeLargest(selector, x, y, places, area, channels) {
  const windows = places.length / area;
  for (let i = 0; i < y.length; i++) {
    const start = (Math.floor(i / windows) * selector.length * windows) / y.length;
    const first = Math.floor((i % windows) / channels) * area * channels + (i % channels);
    let best = -1;
    for (let k = 0; k < area; k++) {
      const place = places[first + k * channels];
      const isLess = Number.isNaN(selector[best]) || selector[start + place] <= selector[best];
      if (place >= 0 && (best < 0 || !isLess)) best = start + place;
    }
    y[i] = x[best];
  }
}`,
  softplus: "const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));",
  erf: `\
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
  flush: "const flush = (x, bound) => (Math.abs(x) < bound ? 0 : x);",
  mulNoNan: "const mulNoNan = (x, y) => (y === 0 ? 0 : x * y);",
  pow: "const pow = (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y);",
};

export type Part = keyof typeof PARTS;

/** The parts that a part calls. */
const NEEDS: Readonly<Partial<Record<Part, readonly Part[]>>> = {
  cellOf: ["refuse"],
  written: ["number"],
  timeOfDay: ["number"],
  boolean: ["folded"],
  anyCase: ["folded", "category"],
};
