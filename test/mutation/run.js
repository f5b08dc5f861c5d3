/**
 * `npm run test:mutants`: breaks the sources in one small way at a time and counts how often the tests fail.
 *
 *     npm run test:mutants -- graph optim             # every mutant of some batches; of all without names
 *     npm run test:mutants -- --sample 1000 --seed 1  # as many of all mutants, drawn by a seed; of some batches, their share
 *     npm run test:mutants -- --processes 1           # leaves the other cores to others
 *     npm run test:mutants -- --again                 # of these, those that no test has killed yet
 *     npm run test:mutants -- --summary               # what is known of these already
 *
 * Prints what survived and a table of scores. `.mutants/` holds Stryker and the results. Stryker empties
 * whole objects, but leaves out no single property or argument: `lost.js` does.
 */
import { appendFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { batches } from "./batches.js";
import { draw } from "./sample.js";
import { home, install, mutantsOf, root, tryMutants } from "./stryker.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    processes: { type: "string", default: "2" },
    again: { type: "boolean", default: false },
    summary: { type: "boolean", default: false },
  },
});
const isNamed = (name) =>
  positionals.length === 0 || positionals.some((part) => `${name}/`.startsWith(`${part}/`));
const names = Object.keys(batches).filter(isNamed);
if (names.length === 0) throw new Error(`no batch is named so; there are ${Object.keys(batches).join(", ")}`);

install();
const results = join(home, "results.jsonl");
if (!options.again && !options.summary) rmSync(results, { force: true });
appendFileSync(results, "");

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"));
const filesOf = (name) =>
  sources.filter((source) => batches[name].files.test(source)).map((source) => `src/${source}`);

const all = await mutantsOf(Object.keys(batches).flatMap(filesOf));
const drawn = options.sample ? draw(all, Number(options.sample), options.seed) : all;
console.log(`${drawn.length} of ${all.length} mutants are drawn`);
if (!options.summary) {
  for (const name of names) {
    const [files, known] = [filesOf(name), readResults()];
    const left = drawn.filter((mutant) => files.includes(fileOf(mutant)) && !isKilled(known.get(mutant)));
    const { tests } = batches[name];
    const processes = Number(options.processes);
    if (left.length > 0) tryMutants({ files, tests, identities: left, results, processes });
  }
}
summarize();

/** The results by identity; of several the last. */
function readResults() {
  const lines = readFileSync(results, "utf8").split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line)).map((result) => [result.identity, result]));
}

function fileOf(mutant) {
  return mutant.slice(0, mutant.indexOf(":"));
}

function isKilled(result) {
  return ["Killed", "Timeout"].includes(result?.status);
}

/** Prints those that survived, and how many of each part came to which end. */
function summarize() {
  const known = readResults();
  const counts = new Map();
  for (const mutant of drawn.filter((mutant) =>
    names.some((name) => filesOf(name).includes(fileOf(mutant))),
  )) {
    const { status = "Untried", location, replacement } = known.get(mutant) ?? {};
    for (const part of [fileOf(mutant).split("/")[1], "all"]) {
      const own = counts.get(part) ?? new Map();
      counts.set(part, own.set(status, (own.get(status) ?? 0) + 1));
    }
    if (!["Survived", "NoCoverage", "RuntimeError"].includes(status)) continue;
    const place = mutant.slice(0, mutant.indexOf("-"));
    console.log(`${status} ${place}\n  - ${textAt(fileOf(mutant), location)}\n  + ${replacement}`);
  }
  const columns = ["Killed", "Timeout", "Survived", "NoCoverage", "RuntimeError", "Ignored", "Untried"];
  console.log(`\n| part | drawn | ${columns.join(" | ")} | score |\n|${"---|".repeat(columns.length + 3)}`);
  for (const [part, own] of [...counts].sort(([a], [b]) => Number(a === "all") - Number(b === "all"))) {
    const numbers = columns.map((status) => own.get(status) ?? 0);
    const [killed, timedOut, survived, uncovered] = numbers;
    const tried = killed + timedOut + survived + uncovered;
    const score = ((100 * (killed + timedOut)) / tried).toFixed(1);
    const drawn = numbers.reduce((sum, count) => sum + count, 0);
    console.log(`| ${part} | ${drawn} | ${numbers.join(" | ")} | ${score} % |`);
  }
}

function textAt(file, { start, end }) {
  const lines = readFileSync(join(root, file), "utf8")
    .split("\n")
    .slice(start.line - 1, end.line);
  lines.push(lines.pop().slice(0, end.column - 1));
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join("\n");
}
