/** Who is compared: anything that asks for a point and is told its value, ours and others alike. */
import { createStudy, type Params, type Space, type Strategy } from "fettle";

/** One search under way. It minimises. */
export interface Search {
  /** The next point; with the value of the one before, unless this is the first. Undefined once nothing is left. */
  next(value?: number): Promise<Params | undefined>;
}

/** Milliseconds that a suggestion takes after `trials` random trials of the space; one figure for each of `repeats`. */
export type Timer = (space: Space, trials: number, repeats: number) => Promise<readonly number[]>;

export interface Searcher {
  readonly name: string;
  start(space: Space, seed: number): Promise<Search>;
  readonly time: Timer;
}

/** A strategy of ours, in a study of its own for each search. */
export function strategySearcher(
  name: string,
  make: () => Strategy,
  time: (make: () => Strategy) => Timer,
): Searcher {
  return {
    name,
    async start(space, seed) {
      const study = createStudy({ space, strategy: make(), seed, direction: "minimize" });
      let asked = -1;
      return {
        async next(value) {
          if (value !== undefined) study.tell(asked, { value });
          const trial = study.ask();
          asked = trial?.number ?? asked;
          return trial?.params;
        },
      };
    },
    time: time(make),
  };
}
