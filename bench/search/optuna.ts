/**
 * The samplers of Optuna, beside ours on the same functions. One Python process asks and is told; the
 * function is evaluated here. Without Optuna in Debian's Python there is nothing to compare with.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Params } from "fettle";
import type { Searcher, TimedSearcher } from "./searcher.js";

/** Debian's, which finds the Optuna of its package. */
const PYTHON = "/usr/bin/python3";

/** Names here, and the samplers of `optuna_process.py`; the Gaussian process needs PyTorch. */
const samplers: Readonly<Record<string, { readonly sampler: string; readonly needs: readonly string[] }>> = {
  optunaRandom: { sampler: "random", needs: ["optuna"] },
  optunaTpe: { sampler: "tpe", needs: ["optuna"] },
  optunaTpeMultivariate: { sampler: "tpeMultivariate", needs: ["optuna"] },
  optunaGp: { sampler: "gp", needs: ["optuna", "scipy", "torch"] },
  optunaCmaes: { sampler: "cmaes", needs: ["optuna", "cmaes"] },
};

export const samplerNames: readonly string[] = Object.keys(samplers);

/** Optuna's process. */
export interface Optuna {
  /** Answers a message of `optuna_process.py`. */
  send(message: object): Promise<unknown>;
  close(): void;
}

/** Optuna's process, if it is installed. */
export function openOptuna(): Optuna | undefined {
  return hasPackage("optuna") ? startProcess() : undefined;
}

/** A sampler of `optuna_process.py`, with its options there. */
export function optunaSearcher(
  optuna: Optuna,
  name: string,
  sampler: string,
  options: object = {},
): Searcher {
  return {
    name,
    async start(task) {
      await optuna.send({ do: "start", sampler, ...options, ...task });
      return {
        ask: async () => (await optuna.send({ do: "ask" })) as Params,
        tell: async (number, told) => void (await optuna.send({ do: "tell", number, ...told })),
      };
    },
  };
}

/** Those wanted whose packages are there, and a function that ends their process. */
export function loadOptuna(isWanted: (name: string) => boolean): {
  readonly searchers: TimedSearcher[];
  readonly close: () => void;
} {
  const optuna = startProcess();
  const searchers: TimedSearcher[] = [];
  for (const [name, { sampler, needs }] of Object.entries(samplers)) {
    if (!isWanted(name) || !needs.every(hasPackage)) continue;
    searchers.push({
      ...optunaSearcher(optuna, name, sampler),
      async time(space, trials, repeats) {
        return (await optuna.send({ do: "time", sampler, space, trials, repeats })) as readonly number[];
      },
    });
  }
  return { searchers, close: optuna.close };
}

function hasPackage(name: string): boolean {
  const program = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${name}") is None)`;
  return spawnSync(PYTHON, ["-c", program]).status === 0;
}

/** A process that answers each line of JSON with one; it starts at the first. */
function startProcess(): Optuna {
  let child: ChildProcessWithoutNullStreams | undefined;
  let answers: AsyncIterator<string> | undefined;
  let errors = "";
  return {
    async send(message) {
      if (child === undefined || answers === undefined) {
        const program = fileURLToPath(new URL("optuna_process.py", import.meta.url));
        child = spawn(PYTHON, [program], { env: { ...process.env, OMP_NUM_THREADS: "1" } });
        child.stderr.on("data", (text) => {
          errors = `${errors}${text}`.slice(-4000);
        });
        answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      }
      child.stdin.write(`${JSON.stringify(message)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`Optuna's process ended:\n${errors}`);
      return JSON.parse(value);
    },
    close() {
      child?.stdin.end();
    },
  };
}
