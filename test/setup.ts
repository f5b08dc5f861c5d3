import fc from "fast-check";
import { afterAll, inject } from "vitest";
import { cases } from "./cases.js";
import "./equality.js";
import { leftovers } from "./leftovers.js";
import { initialized } from "./store/initialized.js";

// Property tests run the same cases everywhere; a failure prints its seed and path.
// FETTLE_SEED replays another run: FETTLE_SEED=7 npx vitest run test/...
fc.configureGlobal({ seed: Number(process.env.FETTLE_SEED ?? 20261124), numRuns: cases(100) });

initialized.folder = inject("postgres");

afterAll(() => {
  for (const clear of leftovers.splice(0)) clear();
});
