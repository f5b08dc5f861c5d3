// Entry for bundlers of a page that predicts: leaves a promise of the outcome.
import { outcome } from "./predicted-outcome.js";

globalThis.reported = outcome();
