/**
 * A model as one JavaScript module without imports, WebAssembly or packages. The module is text: nothing in
 * it runs here, and only numbers and quoted text of a model become code. It cannot train, and its results are
 * close to those of `fettle/predict`, not the same bit for bit.
 */

import type { NumberFormat } from "../../data/numbers.js";
import type { PipelineFeature } from "../../data/pipeline/column.js";
import { isUnchanged } from "../../data/pipeline/target.js";
import { positiveOf } from "../../data/positive.js";
import { otherCode, type UnknownRule } from "../../data/read.js";
import type { ColumnSchema } from "../../data/schema.js";
import { count, must } from "../../errors.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { TableDescription } from "../../predict/description.js";
import { VERSION } from "../../version.js";
import { inferenceOf } from "./inference.js";
import { networkCode } from "./jsNetwork.js";
import { patternsOf } from "./jsNumbers.js";
import { codeOf, type Part } from "./jsParts.js";

/** Records that a part is needed, and returns its name. */
type Use = (part: Part) => Part;

/**
 * A JavaScript module that predicts like the model, without imports.
 *
 * - `inputs`: `{ name, kind, categories, gaps }` of each input
 * - `positive` and `threshold`, for two classes: the class that is predicted if its probability is above the
 * threshold
 * - `predict(row)`: for a model of a table, the answer for an object such as `{ age: 31, port: "Q" }`: `{
 * class, probabilities }`, or
 *   quantities by name. For a network without a table, an array of numbers for an array of numbers.
 *
 * It throws an `Error` for a row that a predictor refuses. It reads fewer spellings than a predictor: text
 * for a number only as JavaScript writes it, and text for a date only in ISO 8601; milliseconds since 1970
 * are a date too.
 *
 * Results differ from the predictor's by rounding, about 1e-5 · max(1, |value|) at most in the units that the
 * network learns. `Math.exp` and its like differ between runtimes in their last bits, and so may the results.
 *
 * @returns the text of the module; it holds no `</script>`, whatever the names of columns are
 * @throws FettleError `unsupported` for operations that modules do not have, such as random numbers;
 * `invalid_state` for a model that is not trained
 * @example
 * ```ts
 * const model = sequential([dense(2, { activation: "relu" }), dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * const text = exportJs(model);
 * const { predict } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
 * predict([4]).length; // 1
 * ```
 */
export function exportJs(model: LayersModel, table?: TableDescription): string {
  const used = new Set<Part>();
  const use: Use = (part) => {
    used.add(part);
    return part;
  };
  const inference = inferenceOf(model);
  const { columns } = inference;
  const network = networkCode(inference, use);
  must(
    table?.pipeline.padding === undefined,
    "the pipeline of a model for this format",
    "one without `padding`; export it to ONNX",
    table?.pipeline.padding,
    "unsupported",
  );
  const code = table
    ? [...tableCode(table, use), network, featuresCode(table), answerCode(table)]
    : [network, numbersCode(columns)];
  const inputs = table ? inputsCode(table) : numberInputsCode(columns);
  return `${[headerOf(table), inputs, ...codeOf(used), ...code].join("\n\n")}\n`;
}

/** A value as code: JSON that cannot end a script. */
function literal(value: unknown): string {
  const escaped = (mark: string): string => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[<\u2028\u2029]/g, escaped);
}

const lines = (...of: readonly (string | false | undefined)[]): string =>
  of.filter((line) => typeof line === "string").join("\n");

/** An array with one element per line, or on one line if it is short. */
function listOf(elements: readonly string[], indent: string): string {
  const line = `[${elements.join(", ")}]`;
  if (line.length < 80) return line;
  return `[\n${elements.map((element) => `${indent}  ${element},\n`).join("")}${indent}]`;
}

function headerOf(table: TableDescription | undefined): string {
  const kinds = new Set(table?.inputs.map(({ kind }) => kind));
  const what = table
    ? `predict(row) takes an object with a value for each of \`inputs\`, and returns ${
        table.classes.length > 0 ? "{ class, probabilities }" : "quantities by name"
      }.`
    : "predict(numbers) takes an array with a number for each of `inputs`, and returns an array of numbers.";
  return lines(
    "/**",
    ` * A trained model, exported by Fettle ${VERSION}. This module imports nothing and runs wherever JavaScript does.`,
    " *",
    ` * ${what}`,
    " * It throws an Error for what it cannot read.",
    table?.inputs.some(({ gaps }) => gaps) &&
      " * A missing value is left out, null, undefined, NaN or text in `na`, in any case.",
    kinds.has("number") && ' * Text for a number must be as JavaScript writes it, such as "-1.5".',
    kinds.has("date") &&
      ' * A date is a Date, milliseconds since 1970, or text such as "2024-12-31" or "2024-12-31T23:59:00Z"; without a zone in UTC.',
    " *",
    " * Math.exp and its like differ between runtimes in their last bits, and so may results. Those of fettle/predict do not.",
    " */",
  );
}

function numberInputsCode(columns: number): string {
  return lines(
    `export const inputs = Array.from({ length: ${columns} }, (_, i) => ({`,
    '  name: "x" + i,',
    '  kind: "number",',
    "  categories: [],",
    "  gaps: false,",
    "}));",
  );
}

function numbersCode(columns: number): string {
  const what = count(columns, "finite number");
  return lines(
    "export function predict(numbers) {",
    '  const isFinite = (number) => typeof number === "number" && Number.isFinite(Math.fround(number));',
    `  if (numbers?.length !== ${columns} || !Array.prototype.every.call(numbers, isFinite))`,
    `    throw new Error(\`numbers must be ${what}; received \${String(numbers).slice(0, 80)}\`);`,
    "  return Array.from(run(Float32Array.from(numbers)));",
    "}",
  );
}

// The way from a row to the network, and from there to an answer.

function inputsCode({ inputs }: TableDescription): string {
  const all = inputs.map(({ name, kind, categories, gaps }) => {
    const fields = { name, kind, categories, gaps };
    return `{ ${Object.entries(fields)
      .map(([field, value]) => `${field}: ${literal(value)}`)
      .join(", ")} }`;
  });
  return lines("export const inputs = [", ...all.map((input) => `  ${input},`), "];");
}

/** How the cells of each input are read and converted. */
function tableCode({ inputs, schema, pipeline, unknown }: TableDescription, use: Use): string[] {
  use("cellOf");
  const named = new Map(schema.columns.map((column) => [column.name, column]));
  const columns = pipeline.columns.map((column, j) => {
    const { name, gaps } = inputs[j];
    const cells = named.get(name) as ColumnSchema;
    const features = column.features.map((feature) => featureCode(feature, use));
    const fields = [
      `read: ${readerCode(cells, j, otherOf(cells, gaps, unknown), use)}`,
      ...(gaps ? [`fill: ${literal(column.fill)}`] : []),
      ...(column.groups ? [`groups: ${literal(column.groups)}`] : []),
      `features: ${listOf(features, "  ")}`,
    ];
    return `  { ${fields.join(", ")} },`;
  });
  const na = ["", ...new Set(schema.na.map((word) => word.toLowerCase()))];
  return [
    lines("/** Text that means a missing cell. */", `const na = new Set(${literal(na)});`),
    lines(
      "/** For each input: how a cell is read, and its features, each a source and how it is scaled. */",
      ...["const columns = [", ...columns, "];"],
    ),
  ];
}

/** The value of an unknown category as code; undefined to refuse it. */
function otherOf(column: ColumnSchema, gaps: boolean, unknown: UnknownRule = "refuse"): string | undefined {
  const other = column.kind === "category" ? otherCode(column, unknown) : undefined;
  return other === undefined || (Number.isNaN(other) && !gaps) ? undefined : String(other);
}

function readerCode(column: ColumnSchema, j: number, other: string | undefined, use: Use): string {
  const read = presentReaderCode(column, j, other, use);
  const none = column.na?.map((word) => word.toLowerCase());
  return none ? `${use("orMissing")}(${literal(none)}, ${read})` : read;
}

function presentReaderCode(
  { kind, format, ignoreCase }: ColumnSchema,
  j: number,
  other: string | undefined,
  use: Use,
): string {
  if (kind === "date") return use("date");
  if (kind === "number") {
    if (format?.clock === "am/pm") return use("timeOfDay");
    return format ? `${use("written")}(${writtenCode(format)})` : use("number");
  }
  const words = kind === "boolean" ? "boolean" : ignoreCase ? "anyCase" : "category";
  return `${use(words)}(inputs[${j}].categories${other === undefined ? "" : `, ${other}`})`;
}

/** The format of numbers, for the part that reads them. */
function writtenCode(format: NumberFormat): string {
  const { pattern, outer } = patternsOf(format);
  const { group = "", clock = false, scaled = false } = format;
  const outside = outer ? `, outer: ${outer}` : "";
  return `{ pattern: ${pattern}, group: ${literal(group)}${outside}, clock: ${clock}, scaled: ${scaled} }`;
}

function featureCode({ source, scaling }: PipelineFeature, use: Use): string {
  const from = sourceCode(source, use);
  if ("knots" in scaling) return `[${from}, ${use("knots")}(${literal(scaling.knots)})]`;
  const { center, scale } = scaling;
  if (center === 0 && scale === 1) return `[${from}]`;
  return `[${from}, ${use("affine")}(${literal(center)}, ${literal(scale)})]`;
}

function sourceCode(source: PipelineFeature["source"], use: Use): string {
  switch (source.type) {
    case "level":
      return `${use("level")}(${literal(source.level)})`;
    case "table":
      return `${use("table")}(${literal(source.numbers)}, ${literal(source.other)})`;
    case "cycle":
      return `${use("cycle")}(${literal(source.days)}, ${source.wave === "sin" ? "Math.sin" : "Math.cos"})`;
    default:
      return use(source.type);
  }
}

function featuresCode({ inputs, pipeline }: TableDescription): string {
  const hasGaps = inputs.some(({ gaps }) => gaps);
  const hasGroups = pipeline.columns.some(({ groups }) => groups);
  const fields = ["read", hasGaps && "fill", hasGroups && "groups", "features"].filter(Boolean).join(", ");
  return lines(
    "function featuresOf(row) {",
    '  if (typeof row !== "object" || row === null || Array.isArray(row))',
    '    throw new Error("row must be an object with a value for each input; received " + String(row));',
    "  const x = [];",
    `  for (const [j, { ${fields} }] of columns.entries()) {`,
    `    ${hasGaps || hasGroups ? "let" : "const"} cell = cellOf(row, inputs[j], read);`,
    hasGaps && "    const isMissing = Number.isNaN(cell);",
    hasGaps && "    if (isMissing) cell = fill;",
    hasGroups && "    if (groups) cell = groups[cell] ?? groups.at(-1);",
    "    for (const [source, scaled = (value) => value] of features) {",
    `      const feature = Math.fround(scaled(source(cell${hasGaps ? ", isMissing" : ""})));`,
    "      if (!Number.isFinite(feature))",
    '        refuse(inputs[j].name, "near enough to the training rows to be scaled", cell);',
    "      x.push(feature);",
    "    }",
    "  }",
    "  return Float32Array.from(x);",
    "}",
  );
}

function answerCode(table: TableDescription): string {
  const positive = positiveOf(table);
  const { classes, threshold, outputs, target, targets = [target], pipeline } = table;
  const values = isUnchanged(pipeline.target) ? "run(featuresOf(row))" : "restored(run(featuresOf(row)))";
  const isOfClasses = classes.length > 0;
  const names = isOfClasses ? "classes" : "targets";
  const choice =
    outputs === 1
      ? "Number(own[0] > threshold)"
      : "own.reduce((best, share, j) => (share > own[best] ? j : best), 0)";
  const share = outputs === 1 ? "[1 - own[0], own[0]]" : "own";
  return lines(
    `const ${names} = ${literal(isOfClasses ? classes : targets)};`,
    positive !== undefined &&
      lines(
        "/** The class that is answered where its probability is above the threshold. */",
        `export const positive = ${literal(positive)};`,
        `export const threshold = ${literal(threshold)};`,
      ),
    ...(isUnchanged(pipeline.target) ? [] : ["", restoredCode(pipeline.target)]),
    "",
    "export function predict(row) {",
    `  const own = Array.from(${values});`,
    ...(isOfClasses
      ? [
          '  if (own.some(Number.isNaN)) throw new Error("predictions of classes must be numbers; received NaN");',
          `  const shares = ${share};`,
          "  const probabilities = Object.fromEntries(classes.map((word, j) => [word, shares[j]]));",
          `  return { class: classes[${choice}], probabilities };`,
        ]
      : ["  return Object.fromEntries(own.map((value, j) => [targets[j], value]));"]),
    "}",
  );
}

/** Back to the units of the target. */
function restoredCode({ log, outputs }: TableDescription["pipeline"]["target"]): string {
  const invert = log === undefined ? "" : log === "log" ? "Math.exp" : "Math.expm1";
  const ends = literal(outputs.map(({ center, scale }) => [center, scale]));
  return lines(
    "/** In the units of the target. */",
    `const restored = (z) => Array.from(z, (value, j) => ${invert}(value * units[j][1] + units[j][0]));`,
    `const units = ${ends};`,
  );
}
