/** What a model reads and answers, as JSON for clients. How requests carry it is in openapi.ts. */
import type { Input } from "../../data/dataset.js";
import type { ColumnSchema } from "../../data/schema.js";
import type { Predictor } from "../../predict/predictor.js";

/** Words of a category that are listed at most. */
export const MOST_WORDS = 1000;

/** One input of a model. */
export interface InputDescription extends Pick<ColumnSchema, "name" | "format" | "dateOrder"> {
  readonly kind: Input["kind"];
  /** The words of a category, of which the first 1,000 are listed; those for false and true of a boolean. */
  readonly categories?: readonly string[];
  /** How many words more there are. */
  readonly moreCategories?: number;
  /** Whether dates have times of day. */
  readonly times?: true;
  /** Whether a row may have no cell here. */
  readonly missing: boolean;
}

/** What a model reads and answers. */
export interface ModelDescription {
  readonly inputs: readonly InputDescription[];
  /** Cells that mean "missing", in any case, beside the empty one and null. */
  readonly na: readonly string[];
  /** What becomes of a word that the model was not trained on. */
  readonly unknown: Predictor["unknown"];
  /** Of a network alone, quantities. */
  readonly task: Predictor["task"];
  /** The names of what is predicted. */
  readonly targets: readonly string[];
  /** Empty for quantities. */
  readonly classes: readonly string[];
  /** Of two classes: the positive one, the second. */
  readonly positive?: string;
  /** Of two classes: the probability above which the positive one is predicted. */
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
