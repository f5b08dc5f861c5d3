/**
 * What a study does on 1 to 10,000 workers: a model of its parts (`simulate.ts`) with costs that were
 * measured (`costs.ts`), and what strategies lose where more trials run at a time.
 *
 *     npm run bench:scale                       # both
 *     npm run bench:scale -- --part throughput  # seconds
 *     npm run bench:scale -- --part regret --trials 1024 --seeds 5   # minutes
 */
import { parseArgs } from "node:util";
import { byName } from "../../src/errors.js";
import { positive } from "../flags.js";
import { regretTable } from "./regret.js";
import { throughputTable } from "./throughput.js";

const { values } = parseArgs({
  options: {
    part: { type: "string", default: "all" },
    trials: { type: "string", default: "1024" },
    seeds: { type: "string", default: "5" },
  },
});

const print = (lines: Iterable<string>): void => {
  for (const line of lines) console.log(line);
};
const parts = {
  throughput: () => print(throughputTable()),
  regret: async () =>
    print(await regretTable(positive("trials", values.trials), positive("seeds", values.seeds))),
};
const part = values.part === "all" ? undefined : byName("part", parts, values.part);
for (const run of part ? [part] : Object.values(parts)) await run();
