/**
 * Planted faults in executors: each is the true one except for one method of its runs, and a law catches it.
 */
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import type { Executor, Run } from "../../src/engine/executor.js";
import { checkExecutor, checkExecutorLaw, executorLaws } from "../../src/testing/executor.js";
import { cases } from "../cases.js";

/** The engine, with runs that have other methods. */
function faulty(parts: (run: Run) => Partial<Run>): Executor {
  const engine = createEngine();
  const start: Executor["start"] = (program, options) => {
    const run = engine.start(program, options);
    const changed = parts(run);
    return new Proxy(run, {
      get(target, name) {
        const own =
          name in changed ? (changed as Record<string | symbol, unknown>)[name] : Reflect.get(target, name);
        return typeof own === "function" ? own.bind(target) : own;
      },
    });
  };
  return new Proxy(engine, {
    get(target, name) {
      const own = name === "start" ? start : Reflect.get(target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

let kept: Run | undefined;

/** What is wrong, and how the law begins that catches it; what else its message says. */
const faults: readonly (readonly [
  what: string,
  parts: (run: Run) => Partial<Run>,
  law: string,
  message?: RegExp,
])[] = [
  [
    "numbers off by a part in a million",
    (run) => ({ read: (name) => run.read(name).map((x) => x * (1 + 1e-6)) as Float32Array }),
    "agrees with the references on random graphs",
    /it should be .* within/,
  ],
  [
    "one batch too few",
    (run) => ({ advance: (steps) => run.advance(Math.max(0, steps - 1)) }),
    "agrees with the references on random graphs",
  ],
  [
    "a lost step when many are requested",
    (run) => ({ advance: (steps) => run.advance(steps > 2 ? steps - 1 : steps) }),
    "gives the same for n steps in one call as in n calls",
  ],
  [
    "a position in the data that is not saved",
    (run) => ({
      save: () => ({ ...run.save(), progress: { ...run.progress, cursor: 0 } }),
    }),
    "resumes from a saved run",
  ],
  [
    "a step count that is not saved",
    (run) => ({ save: () => ({ ...run.save(), progress: { ...run.progress, step: 0 } }) }),
    "resumes from a saved run",
  ],
  [
    "state that is not restored",
    (run) => ({
      restore: (saved) => run.restore({ ...saved, arrays: { ...saved.arrays, w: run.read("w") } }),
    }),
    "resumes from a saved run",
    /"w"/,
  ],
  [
    "runs that share their state",
    (run) => {
      const other = kept;
      kept = run;
      return {
        advance(steps) {
          run.advance(steps);
          try {
            if (other && other !== run) run.write("s", other.read("s"));
          } catch {} // the other was freed
        },
      };
    },
    "keeps two runs apart",
  ],
  ["memory that is kept", () => ({ free: () => {} }), "frees all memory of a run and its matrices"],
];

/** So many cases catch a fault, also in the short form. */
const ENOUGH = 60;

describe("the laws of executors catch", () => {
  it("none in the true one", () => {
    checkExecutor(
      faulty(() => ({})),
      { numRuns: cases(40), seed: 3 },
    );
  });

  // the others, which would be tried before it, take longer and say nothing of it
  it.each(faults.map(([what, ...rest]) => [what, rest] as const))("%s", (_, [parts, words, said = /./]) => {
    const law = Object.keys(executorLaws).find((name) => name.startsWith(words)) as string;
    let message = "nothing was found";
    try {
      checkExecutorLaw(faulty(parts), law, { numRuns: ENOUGH, seed: 3 });
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toContain(`breaks the law "${law}"`);
    expect(message).toMatch(said);
  });
});
