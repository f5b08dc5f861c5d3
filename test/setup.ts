import fc from "fast-check";
import { cases } from "./cases.js";

// Property tests run the same cases everywhere; a failure prints its seed and path.
// FETTLE_SEED replays another run: FETTLE_SEED=7 npx vitest run test/...
fc.configureGlobal({ seed: Number(process.env.FETTLE_SEED ?? 20261124), numRuns: cases(100) });
