// Entry for bundlers, of a program for Node: prints the outcome.
import { outcome } from "./bundled-outcome.js";

outcome().then((text) => process.stdout.write(text));
