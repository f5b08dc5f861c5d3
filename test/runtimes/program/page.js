// Entry in browsers: leaves a promise of the report.
import { report } from "./report.js";

const csv = fetch("/node_modules/fettle/examples/data/wine.csv").then((response) => response.text());
globalThis.reported = csv.then((text) => report(text, 1));
