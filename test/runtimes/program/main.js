// Entry on Node, Deno and Bun: one line of JSON on standard output. The number of threads is the argument.
import { readFileSync } from "node:fs";
import { report } from "./report.js";

const csv = readFileSync(new URL(import.meta.resolve("fettle/data/wine.csv")), "utf8");
console.log(JSON.stringify(await report(csv, Number(process.argv[2] ?? 1), () => import("./http.js"))));
