/** The inputs and outputs of a model, as JSON for clients. openapi.ts describes the requests. */
import type { Input } from "../../data/dataset.js";
import type { ColumnSchema } from "../../data/schema.js";
import type { Predictor } from "../../predict/predictor.js";

/** The most listed words of a category. */
export const MOST_WORDS = 1000;

/** One input of a model. */
export interface InputDescription extends Pick<ColumnSchema, "name" | "format" | "dateOrder"> {
  readonly kind: Input["kind"];
  /** The words of a category, of which the first 1,000 are listed; those for false and true of a boolean. */
  readonly categories?: readonly string[];
  /** The number of further words. */
  readonly moreCategories?: number;
  /** Whether dates have times of day. */
  readonly times?: true;
  /** Whether the cell may be missing. */
  readonly missing: boolean;
}

/** The inputs and outputs of a model. */
export interface ModelDescription {
  readonly inputs: readonly InputDescription[];
  /** Cells that mean "missing", in any case, in addition to the empty one and null. */
  readonly na: readonly string[];
  /** How a word that the model was not trained on is treated. */
  readonly unknown: Predictor["unknown"];
  /** A network without a table predicts quantities. */
  readonly task: Predictor["task"];
  /** The names of the targets. */
  readonly targets: readonly string[];
  /** Empty for quantities. */
  readonly classes: readonly string[];
  /** For two classes: the positive one, the second. */
  readonly positive?: string;
  /** For two classes: the probability above which the positive one is predicted. */
  readonly threshold?: number;
}

export function describeModel(predictor: Predictor): ModelDescription {
  const { inputs, schema, unknown, task, targets, classes, positive, threshold } = predictor;
  const named = new Map(schema.columns.map((column) => [column.name, column]));
  return {
    inputs: inputs.map((input) => describeInput(input, named.get(input.name))),
    na: schema.na,
    unknown,
    task,
    targets,
    classes,
    ...(positive !== undefined && { positive }),
    ...(classes.length === 2 && { threshold }),
  };
}

function describeInput(
  { name, kind, categories, times, gaps }: Input,
  { format, dateOrder }: Partial<ColumnSchema> = {},
): InputDescription {
  const more = categories.length - MOST_WORDS;
  return {
    name,
    kind,
    ...(categories.length > 0 && { categories: categories.slice(0, MOST_WORDS) }),
    ...(more > 0 && { moreCategories: more }),
    ...(format && { format }),
    ...(dateOrder && { dateOrder }),
    ...(times && { times: true as const }),
    missing: gaps,
  };
}
