// Entry for bundlers: leaves a promise of the outcome.
import { outcome } from "./bundled-outcome.js";

globalThis.reported = outcome();
