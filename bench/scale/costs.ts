/**
 * What things cost on one machine of two cores, in seconds. Each figure was measured by the command beside it; a machine of yours has
 * others, which `--costs file.json` takes.
 */
import type { Costs } from "./simulate.js";

/** The coordinator, a trial: `npm run bench:search -- --part histories`, whole studies of 10,000 trials. */
export const STRATEGIES = {
  random: { ask: 8e-6, tell: 8e-6 },
  tpe: { ask: 0.9e-3, tell: 5e-5 },
} as const;

/** Where trials are stored: `npm run bench -- storage`. */
export const DATABASES = {
  sqlite: { commit: 4e-5, row: 1e-5 },
  postgres: { commit: 1e-3, row: 1e-4 },
} as const;

/** What hands trials to workers. */
export const QUEUES = {
  storage: { message: 1e-4, latency: 0.05 },
  pgBoss: { message: 2e-3, latency: 0.25 },
} as const;

export const costsOf = (
  strategy: keyof typeof STRATEGIES,
  database: keyof typeof DATABASES,
  queue: keyof typeof QUEUES,
): Costs => ({ ...STRATEGIES[strategy], ...DATABASES[database], ...QUEUES[queue] });
