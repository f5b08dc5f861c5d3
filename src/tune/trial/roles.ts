/**
 * How a pipeline follows what a network reads: ids and padding stay unchanged, whatever the defaults of a
 * pipeline. The user's choices come first; impossible ones, such as scaled ids, are refused. The result
 * follows from the layers and the columns only, so it is the same in each worker.
 */
import type { Dataset, Input } from "../../data/dataset.js";
import { type RowOrigin, rowIn } from "../../data/origin.js";
import { draftsOf } from "../../data/pipeline/column.js";
import {
  type ColumnOptions,
  type Imputation,
  type PipelineOptions,
  planFor,
} from "../../data/pipeline/options.js";
import type { PaddedSteps } from "../../data/pipeline/padding.js";
import { check, count, must, show } from "../../errors.js";
import { sizeOf } from "../../graph/shape.js";
import type { Floats } from "../../ndarray.js";
import { networkOf, type Wiring } from "../../nn/network/network.js";
import {
  type IdColumn,
  idError,
  type Roles,
  readsRoles,
  rolesOf,
  type StepColumns,
} from "../../nn/network/roles.js";

/** A pipeline that fits a network. */
export interface FollowedPipeline {
  readonly pipeline: PipelineOptions;
  /** What the layers decided, for people. */
  readonly notes: readonly string[];
}

type Table = Pick<Dataset, "inputs" | "columns" | "outputs" | "shape" | "origin">;

/**
 * The pipeline of a network, from the user's.
 *
 * @param given - checked by `checkPipelineOptions`
 * @throws IdError for rows with an invalid id; FettleError `invalid_argument` for ids with a scale option
 */
export function followRoles(
  { wiring }: { readonly wiring: Wiring },
  table: Table,
  given: PipelineOptions,
): FollowedPipeline {
  if (!readsRoles(wiring)) return { pipeline: given, notes: [] };
  const [usual, coded] = [given, withCodes(table.inputs, given)].map((options) =>
    layoutOf(wiring, table, options),
  );
  const layout = usual && !readsLevels(usual) ? usual : coded && readsCodes(coded) ? coded : usual;
  // a misfit is refused as an architecture
  if (layout === undefined) return { pipeline: given, notes: [] };
  const { options } = layout;
  const unscaled = idOptions(layout, table);
  const stepped = stepOptions(layout, table);
  const isWhole = Object.keys(unscaled).length === table.inputs.length;
  const columns = { ...options.columns, ...stepped.columns, ...unscaled };
  const { padding = stepped.padding } = options;
  // if all columns are ids, one value stands for all, because each job carries its pipeline
  const named = Object.entries(columns).filter(([name]) => !isWhole || options.columns?.[name]);
  const pipeline: PipelineOptions = {
    ...options,
    ...(isWhole && { scale: "none" as const, impute: imputationOfIds(options.impute) }),
    ...(named.length > 0 && { columns: Object.fromEntries(named) }),
    ...(padding.length > 0 && { padding }),
  };
  return { pipeline, notes: [...idNotes(layout, options !== given), ...stepped.notes] };
}

/** A feature of a pipeline: its input, and whether it is the number itself or an indicator of 0 or 1. */
interface Feature {
  readonly input: Input;
  /** The place of the input. */
  readonly place: number;
  readonly type: ReturnType<typeof draftsOf>[number]["source"]["type"];
}

/** What a network reads in the features of a pipeline. */
interface Layout {
  readonly options: PipelineOptions;
  readonly features: readonly Feature[];
  readonly roles: Roles;
}

/** Undefined for a network that does not read the features. */
function layoutOf(
  wiring: Wiring,
  { inputs, outputs, shape }: Table,
  options: PipelineOptions,
): Layout | undefined {
  const features = inputs.flatMap((input, place) =>
    draftsOf(input, planFor(input, options), outputs).flatMap(({ names, source: { type } }) =>
      names.map((): Feature => ({ input, place, type })),
    ),
  );
  const row = shape ?? [features.length];
  if (sizeOf(row) !== features.length) return undefined;
  let network: ReturnType<typeof networkOf>;
  try {
    network = networkOf(wiring, row);
  } catch {
    return undefined;
  }
  return { options, features, roles: rolesOf(network) };
}

/** The user's options of one column. */
const ownOf = ({ columns }: PipelineOptions, name: string): ColumnOptions =>
  columns && Object.hasOwn(columns, name) ? columns[name] : {};

/** The codes of categories in place of other features, unless the user chose otherwise. */
function withCodes(inputs: readonly Input[], options: PipelineOptions): PipelineOptions {
  const free = inputs.filter(
    ({ kind, name }) =>
      kind === "category" && ["auto", undefined].includes(ownOf(options, name).encode ?? options.encode),
  );
  const codes = free.map(({ name }) => [name, { ...ownOf(options, name), encode: "ordinal" }] as const);
  return { ...options, columns: { ...options.columns, ...Object.fromEntries(codes) } };
}

/** Whether ids are read in one-hot features of 0 and 1: then the network needs codes. */
const readsLevels = ({ features, roles: { ids } }: Layout): boolean =>
  ids.some(({ column }) => features[column].input.kind === "category" && features[column].type !== "value");

/** Whether all codes of categories are read as ids. */
function readsCodes({ features, roles: { ids } }: Layout): boolean {
  const isId = new Set(ids.map(({ column }) => column));
  return features.every(({ input: { kind } }, column) => kind !== "category" || isId.has(column));
}

/** The options of inputs that are read as ids, by name. */
function idOptions({ options, features, roles }: Layout, table: Table): Record<string, ColumnOptions> {
  const { ids } = roles;
  const isOnlyIds = ids.length === features.length;
  const all: Record<string, ColumnOptions> = {};
  for (const of of ids) {
    const { input, place, type } = features[of.column];
    const { name, kind } = input;
    const own = ownOf(options, name);
    const { scale = isOnlyIds ? options.scale : undefined } = own;
    mayNotScale(of, name, scale);
    if (kind !== "number" && type !== "value" && options.scaleOneHot)
      must(false, "scaleOneHot", `false, since ${of.layer} reads ids in column ${show(name)}`, true);
    const impute = imputationOfIds(own.impute ?? options.impute);
    all[name] = { ...own, scale: "none", ...(kind === "number" && { impute }) };
    checkColumn(of, input, type, table.columns[place], impute, table.origin);
  }
  return all;
}

function mayNotScale({ layer }: IdColumn, name: string, scale: ColumnOptions["scale"]): void {
  must(
    !isScaled(scale),
    "scale of the pipeline",
    `left out, or "none", for column ${show(name)}, in which ${layer} reads ids, since scaled numbers are not ids`,
    scale,
  );
}

const isScaled = (scale: ColumnOptions["scale"]): boolean =>
  scale !== undefined && [scale].flat().some((each) => each !== "none");

/** Missing ids are filled like categories: with the most frequent id, unless the user chose one. */
const imputationOfIds = (impute: ColumnOptions["impute"]): Imputation =>
  typeof impute === "number" ? impute : "mode";

/** Refuses a column in which a row has an invalid id. */
function checkColumn(
  of: IdColumn,
  { name }: Input,
  type: Feature["type"],
  cells: Floats,
  impute: ColumnOptions["impute"],
  origin: RowOrigin | undefined,
): void {
  const fails = (id: number): boolean => !(Number.isInteger(id) && id >= 0 && id < of.inputDim);
  const refuse = (row: number, id: number, where = `row ${rowIn(origin, row)}, `): never => {
    throw idError(`${where}column ${show(name)}`, row, id, of);
  };
  if (type !== "value") {
    const isBinary = type === "level" || type === "missing";
    check(
      isBinary,
      () =>
        `${of.layer} must read ids in a column of numbers or categories; received column ${show(name)}, which the pipeline turns into ${type}`,
    );
    if (fails(1)) refuse(0, 1, "");
    return;
  }
  if (typeof impute === "number" && fails(impute)) refuse(0, impute, "the fill value of missing cells in ");
  const { largest, odd } = idsIn(cells);
  if (odd >= 0) refuse(odd, Math.fround(cells[odd]));
  if (largest < of.inputDim) return;
  const row = cells.findIndex((id) => Math.fround(id) >= of.inputDim);
  refuse(row, Math.fround(cells[row]));
}

/** The ids of a column, cached because each trial asks. */
interface IdsIn {
  /** −1 if there is none. */
  readonly largest: number;
  /** The first row with an invalid id for any layer; −1 if there is none. */
  readonly odd: number;
}

const idsKnown = new WeakMap<Floats, IdsIn>();

function idsIn(cells: Floats): IdsIn {
  const before = idsKnown.get(cells);
  if (before) return before;
  let [largest, odd] = [-1, -1];
  for (let row = 0; row < cells.length && odd < 0; row++) {
    const id = Math.fround(cells[row]);
    if (Number.isNaN(id)) continue; // a missing cell
    if (!(Number.isInteger(id) && id >= 0)) odd = row;
    else if (id > largest) largest = id;
  }
  idsKnown.set(cells, { largest, odd });
  return { largest, odd };
}

interface StepOptions {
  readonly padding: readonly PaddedSteps[];
  /** For inputs that are padded in an order unknown to a pipeline. */
  readonly columns: Readonly<Record<string, ColumnOptions>>;
  readonly notes: readonly string[];
}

/**
 * How padded steps go through the pipeline. Inputs that two layers divide into steps differently have a
 * custom order for both: scaled for one, they would lose the padding of the other.
 */
function stepOptions({ options, features, roles }: Layout, { inputs }: Table): StepOptions {
  const padding: PaddedSteps[] = [];
  const columns: Record<string, ColumnOptions> = {};
  const notes: string[] = [];
  if (options.padding) return { padding, columns, notes };
  const scaleOf = (place: number) => ownOf(options, inputs[place].name).scale ?? options.scale;
  const all = roles.steps.map((read) => {
    const own = stepsIn(read, features);
    const known = read.steps.flat().filter((column) => column >= 0);
    const places = [...new Set(known.map((column) => features[column].place))];
    return { ...read, own, places, key: JSON.stringify(own) };
  });
  for (const { layer, maskValue, own, places, key } of all) {
    const isShared = all.some(
      (other) => other.key !== key && other.places.some((place) => places.includes(place)),
    );
    const names = rangesOf(places, inputs);
    const scaled = places.filter((place) => isScaled(scaleOf(place)));
    if (own && !isShared) {
      if (padding.some((each) => JSON.stringify(each) === key)) continue;
      padding.push(own);
      const how =
        scaled.length > 0 || places.some((place) => scaleOf(place) === undefined)
          ? 'padding stays unchanged, and the other steps are scaled by feature; pipeline.scale "none" leaves all unchanged'
          : "all stay unchanged";
      notes.push(
        `${layer} reads ${names} as ${count(own.steps, "step")} of ${count(own.features, "number")}, with padding where all are ${maskValue}: ${how}`,
      );
      continue;
    }
    for (const place of places) {
      const { name } = inputs[place];
      if (scaleOf(place) === undefined) columns[name] = { ...ownOf(options, name), scale: "none" };
    }
    const how =
      scaled.length === 0
        ? "they are not scaled"
        : `the pipeline scales ${rangesOf(scaled, inputs)}, padding too, which is then not masked`;
    notes.push(
      `${layer} reads padded steps in ${names} in a custom order: ${how}; pipeline.padding defines which columns form a step`,
    );
  }
  return { padding: padding.sort((a, b) => a.first - b.first), columns, notes };
}

/** Steps that are inputs of numbers, one after the other. */
function stepsIn({ maskValue, steps }: StepColumns, features: readonly Feature[]): PaddedSteps | undefined {
  const columns = steps.flat();
  const [first] = columns;
  const { place } = features[first] ?? {};
  const isRegular = columns.every((column, i) => {
    const { input, place: own, type } = features[column] ?? {};
    return (
      column === first + i && own === (place as number) + i && input.kind === "number" && type === "value"
    );
  });
  if (place === undefined || !isRegular) return undefined;
  // one feature each, also at both ends
  if (features[first - 1]?.place === place) return undefined;
  if (features[first + columns.length]?.place === place + columns.length - 1) return undefined;
  return { first: place, steps: steps.length, features: steps[0].length, maskValue };
}

function idNotes({ features, roles: { ids } }: Layout, isCoded: boolean): string[] {
  const inputs = features.map(({ input }) => input);
  const layers = [...new Set(ids.map(({ layer }) => layer))];
  return layers.map((layer) => {
    const own = ids.filter((each) => each.layer === layer).map(({ column }) => column);
    const codes = isCoded && own.some((column) => inputs[column].kind === "category");
    return `${layer} reads ids in ${rangesOf(own, inputs)}: they are ${codes ? 'codes of categories (encode: "ordinal") and ' : ""}not scaled`;
  });
}

/** The names of inputs at some places; a run of neighbours by its first and last. */
function rangesOf(places: readonly number[], inputs: readonly Input[]): string {
  const runs: [number, number][] = [];
  for (const place of [...places].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1];
    if (last && place === last[1] + 1) last[1] = place;
    else runs.push([place, place]);
  }
  return runs
    .map(([from, to]) => [...new Set([from, to])].map((place) => show(inputs[place].name)).join(" to "))
    .join(", ");
}
