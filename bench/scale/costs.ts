/** What things cost on a machine of two cores, each measured by the command beside it. */
import type { Costs } from "./simulate.js";

/** Random search, PostgreSQL whose commits wait for the disk, and pg-boss. */
export const COSTS: Costs = {
  // `npm run bench:search -- --part histories --strategies random`: 1.66 s for 100,000 trials
  ask: 8.3e-6,
  tell: 8.3e-6,
  // `npm run bench -- storage`: 0.95 ms for a trial; 0.08 where 10,000 are written at once
  commit: 4.35e-4,
  row: 4e-5,
  // `npm run bench -- queue`: 3.64 ms for a job on its way in and back
  message: 1.82e-3,
  // who waits looks again after at most 0.25 s
  latency: 0.125,
};
