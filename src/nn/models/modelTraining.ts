/**
 * The training of a model, at most one at a time: it starts from the weights that the model holds, and
 * replaces them unless it fails. Meanwhile the model and its layers have those of the training.
 */
import { check, isPlainObject } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import { copyPlain } from "../../options.js";
import type { Described } from "../arguments/compiled.js";
import type { FitOptions } from "../arguments/options.js";
import type { AnyTraining } from "../training/anyTraining.js";
import type { Fit } from "../training/starting.js";
import type { HeldWeights, Trained } from "./heldWeights.js";
import { loadedTraining, loadTraining, type Training } from "./loading.js";

/** An unfinished training with the code that runs it. */
interface Running {
  readonly row: Shape;
  readonly run: AnyTraining;
  readonly training: Training;
}

/** What is trained. */
interface Model {
  /** @throws FettleError `invalid_state` before `compile` */
  described(): Described;
}

export class ModelTraining {
  /** Whether a training has not ended. */
  private fitting = false;
  private running: Running | undefined;

  /** Hidden, so that a model, which has this training, can be printed as JSON. */
  readonly #model: Model;

  constructor(
    model: Model,
    private readonly weights: HeldWeights,
  ) {
    this.#model = model;
  }

  /** The state of the training that runs, otherwise of the model. @throws FettleError as `mustHave` */
  state(): Trained {
    const { running, weights } = this;
    return running ? { ...running, saved: running.run.save() } : weights.mustHave();
  }

  /** @throws FettleError `invalid_state` */
  mustBeIdle(): void {
    check(
      !this.fitting,
      "the model must not be changed while it trains; await the training first",
      "invalid_state",
    );
  }

  /**
   * Trains with the code of trainings, which it loads if need be; until then it copies what was given, whose
   * last element is the options.
   */
  async run<Given extends unknown[], Result>(
    given: readonly [...Given],
    train: (code: Training, fit: Fit, ...given: Given) => Promise<Result>,
  ): Promise<Result> {
    const described = this.#model.described();
    this.mustBeIdle();
    this.fitting = true;
    try {
      const loaded = loadedTraining();
      const copy = (value: unknown, i: number): unknown =>
        i < given.length - 1 ? copyPlain(value, true) : ownOptions(value as FitOptions);
      const own = loaded ? given : (given.map(copy) as Given);
      const code = loaded ?? (await loadTraining());
      return await train(code, this.fitWith(code, described), ...own);
    } finally {
      this.fitting = false;
    }
  }

  private fitWith(training: Training, described: Described): Fit {
    const { weights } = this;
    let end = (): void => {};
    return {
      ...described,
      model: this.#model,
      row: weights.row,
      state: () => {
        training.mustBeFree(described.wiring);
        return weights.current();
      },
      onTraining: (at) => {
        end();
        this.running = at && { ...at, training };
        if (at) end = training.during(at.run, training.ownersIn(at.network), training);
      },
      onTrained: ({ row, saved }) => {
        end();
        weights.hold(row, saved, training, false);
      },
    };
  }
}

/** Callbacks and the signal are passed through. */
function ownOptions(options: FitOptions): FitOptions {
  if (!isPlainObject(options)) return options;
  const { callbacks, signal, ...others }: FitOptions = options;
  return {
    ...copyPlain(others, true),
    ...(callbacks !== undefined && { callbacks }),
    ...(signal !== undefined && { signal }),
  };
}
