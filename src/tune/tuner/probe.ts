/**
 * What is known about a tuner's models before its first trial, from models that are built but not trained:
 * whether integers are classes, and whether loss, last layer and data fit each other. An error for all
 * parameters ends a search before it starts; one that depends on parameters fails only the trials that have
 * them.
 */
import { classUnits } from "../../nn/arguments/judge.js";
import { LayersModel } from "../../nn/models/layersModel.js";
import { RandomStream } from "../../numerics/random.js";
import { middlePoint } from "../../search/space/defaults.js";
import { fromUnit } from "../../search/space/scale.js";
import {
  allows,
  buildParams,
  type Constraint,
  type Params,
  type ParamsOf,
  resolveSpace,
  type Space,
} from "../../search/space/space.js";
import { followForm, formOf } from "../trial/forms.js";
import { judgeTrial } from "../trial/judge.js";
import type { TrialSetup } from "../trial/setup.js";
import { architectureFor } from "../trial/training.js";
import type { TuneOptions } from "./options.js";

type Points<S extends Space> = Pick<TuneOptions<S>, "model" | "space" | "constraint" | "enqueue">;

/** A model that was built but not trained. */
type Built = LayersModel | undefined;

/** The models of a search, each built once. */
export class Probe<S extends Space> {
  /** By point. */
  private readonly models = new Map<string, Built>();

  constructor(private readonly options: Points<S>) {}

  /**
   * How many classes the models distinguish, by the model in the middle of the space: the units of its last
   * layer, if that ends in a softmax or in logits for a loss of several classes. Undefined for other models,
   * and if the function gives no model there.
   */
  get units(): number | undefined {
    const { point } = this;
    const built = point && this.modelAt(point);
    return built && classUnits(built.described());
  }

  /** How the model in the middle of the space predicts distributions; undefined for other models. */
  get formed(): ReturnType<typeof formOf> {
    const { point } = this;
    const built = point && this.modelAt(point);
    return built && attempt(() => formOf(built));
  }

  /** The middle of the space, or another of its points; undefined if it is not valid. */
  get point(): ParamsOf<S> | undefined {
    const [point] = pointsOf(this.options);
    return point as ParamsOf<S> | undefined;
  }

  /**
   * Refuses a search if no checked model fits the data: the one in the middle of the space, and if that does
   * not, those of enqueued points, of corners, of {@link DRAWN} others, and of each value of a choice.
   *
   * @throws FettleError the error of the middle
   */
  refuseMistakes(setup: Omit<TrialSetup<S>, "backend">): void {
    const { rows, foldsFor, pipeline: chosen = {}, metrics, selection } = setup;
    const { data } = rows;
    let first: { readonly error: unknown } | undefined;
    for (const point of pointsOf(this.options)) {
      const built = this.modelAt(point);
      const pipeline = attempt(() => (typeof chosen === "function" ? chosen(point as ParamsOf<S>) : chosen));
      const folds = pipeline && attempt(() => foldsFor(pipeline));
      // such a trial fails on its own, with its reason
      if (!built || !pipeline || !folds) return;
      try {
        const { network } = architectureFor(built, { ...data, features: folds.features });
        judgeTrial(built, network, { data, pipeline: followForm(built, pipeline), metrics, selection });
        return;
      } catch (error) {
        first ??= { error };
      }
    }
    if (first) throw first.error;
  }

  /** The model of a point, compiled; undefined if the function throws, or returns anything else. */
  private modelAt(point: Params): Built {
    const key = JSON.stringify(point);
    const built = this.models.has(key) ? this.models.get(key) : builtAt(this.options, point);
    this.models.set(key, built);
    return built;
  }
}

/** How many random points are tried if the others do not fit. */
const DRAWN = 16;
/** Separate from the random streams of studies. */
const PROBE_STREAM = 0x7062;

/** Points of a space, the middle first; empty for an invalid space, which is refused elsewhere. */
function* pointsOf<S extends Space>({ space: given, constraint, enqueue }: Points<S>): Iterable<Params> {
  const space = attempt(() => resolveSpace(given, constraint as Constraint | undefined));
  if (space === undefined) return;
  const exists = (point: Params): boolean => attempt(() => allows(space, point)) === true;
  const middle = attempt(() => middlePoint(space));
  if (middle) yield middle;
  if (Array.isArray(enqueue)) yield* enqueue as Params[];
  const random = new RandomStream(0, PROBE_STREAM);
  const draws = Array.from({ length: DRAWN }, () => () => random.uniform());
  for (const at of [() => 0, () => 1 - 2 ** -53, ...draws]) {
    const point = buildParams(space, (parameter) => fromUnit(parameter, at()));
    if (exists(point)) yield point;
  }
  // the middle with each value of each choice
  for (const [name, parameter] of Object.entries(space.parameters))
    for (const value of parameter.type === "choice" ? parameter.values : []) {
      const point = buildParams(space, (each, own) =>
        own === name ? value : (each.default ?? fromUnit(each, 0.5)),
      );
      if (exists(point)) yield point;
    }
}

function builtAt<S extends Space>({ model }: Points<S>, point: Params): Built {
  return attempt(() => {
    const built: unknown = model(point as ParamsOf<S>);
    if (!(built instanceof LayersModel)) return undefined;
    built.compiledWith();
    return built;
  });
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
