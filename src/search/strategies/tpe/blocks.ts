/**
 * After many trials, several in a row are suggested from the same densities, those before the first of them,
 * so that densities are made once and evaluated at the candidates of all. A block is a function of the trials
 * before it and of the study's seed; it is remembered until the next one; forgetting it does not change the
 * result.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { Read } from "../../memo/growing.js";
import type { Params, SearchSpace } from "../../space/space.js";
import type { TrialRecord } from "../../trial/trial.js";
import type { SuggestContext } from "../strategy.js";
import { EXACT_TRIALS } from "./models.js";

/** The most trials of a block. */
const MOST = 64;

/** The trials that are suggested together. */
export interface Block {
  /** The number of the first. */
  readonly start: number;
  /** How many there are. */
  readonly size: number;
}

/** The block of the next trial: one trial while all are modelled, later up to a 128th of all trials. */
export function blockAfter(trials: number): Block {
  let size = 1;
  if (trials > EXACT_TRIALS) while (size < MOST && size * 256 <= trials) size *= 2;
  return { start: trials - (trials % size), size };
}

/** The context of a strategy when a block started. */
export function contextBefore({ start }: Block, context: SuggestContext): SuggestContext {
  const { history, earlier } = context;
  if (earlier.length === start) return context;
  const finished = Math.max(0, start - (earlier.length - history.length));
  return {
    ...context,
    number: start,
    history: history.slice(0, finished),
    earlier: earlier.slice(0, start),
  };
}

interface Known<T> {
  readonly start: number;
  readonly finished: number;
  /** The directions and the seed of the block. */
  readonly key: string;
  readonly history: Read<TrialRecord>;
  readonly earlier: Read<Params>;
  readonly result: T;
}

/**
 * A function of a block and its starting context, remembered for each space until another block.
 *
 * @param make - receives the block's random numbers
 */
export function createBlockMemory<T>(
  make: (context: SuggestContext, block: Block, random: RandomStream) => T,
): (context: SuggestContext, block: Block) => T {
  const memory = new WeakMap<SearchSpace, Known<T>>();
  return (context, block) => {
    const { space, history, earlier, directions, studyRandom } = context;
    const { start } = block;
    const finished = Math.max(0, start - (earlier.length - history.length));
    const random = studyRandom.fork(start);
    const key = [...directions, random.fork(0).uniform()].join();
    const known = memory.get(space);
    if (
      known?.start === start &&
      known.finished === finished &&
      known.key === key &&
      known.history.common(history) === finished &&
      known.earlier.common(earlier) === start
    )
      return known.result;
    const result = make(contextBefore(block, context), block, random);
    const [readHistory, readEarlier] = [new Read<TrialRecord>(), new Read<Params>()];
    readHistory.keep(history, finished);
    readEarlier.keep(earlier, start);
    memory.set(space, { start, finished, key, history: readHistory, earlier: readEarlier, result });
    return result;
  };
}
