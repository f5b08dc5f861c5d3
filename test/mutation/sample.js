/**
 * Which mutants are tried, and what becomes of them. Each has a number that follows from a seed and from what
 * it is; the n with the least are the sample, so that a larger one holds a smaller.
 *
 * Stryker draws no samples, and its ranges let in whatever is nested in one that was drawn. So this is also a
 * plugin of two parts: a checker, in the place of one of types, that lets it try these and no others, and a
 * reporter that writes down each result as it comes, so that none is lost if a run is ended.
 */
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";

/** What a mutant is, in words: the place, as an editor counts it, the mutator and the replacement. */
export function identity({ fileName, location: { start, end }, mutatorName, replacement }) {
  const file = fileName.replaceAll("\\", "/").replace(/^.*\/src\//, "src/");
  return `${file}:${start.line}:${start.column}-${end.line}:${end.column} ${mutatorName} ${replacement}`;
}

/** A mutant as Stryker's instrumenter makes it counts lines and columns from 0; its reports count from 1. */
export function asReported(mutant) {
  const shift = ({ line, column }) => ({ line: line + 1, column: column + 1 });
  const { start, end } = mutant.location;
  return { ...mutant, location: { start: shift(start), end: shift(end) } };
}

/** The `count` identities that a seed draws out of all, each as likely as any other. */
export function draw(identities, count, seed) {
  const number = (text) => createHash("sha256").update(`${seed} ${text}`).digest("hex");
  const byNumber = identities.map((text) => [number(text), text]).sort(([a], [b]) => (a < b ? -1 : 1));
  return byNumber.slice(0, count).map(([, text]) => text);
}

const { FETTLE_MUTANTS: drawnIn, FETTLE_MUTANT_RESULTS: results } = process.env;

/** Passes the mutants whose identities are in a file. */
function createChecker() {
  const drawn = new Set(JSON.parse(readFileSync(drawnIn, "utf8")));
  const isDrawn = (mutant) => drawn.has(identity(asReported(mutant)));
  return {
    init: async () => {},
    group: async (mutants) => [mutants.map(({ id }) => id)],
    check: async (mutants) =>
      Object.fromEntries(
        mutants.map((mutant) => [mutant.id, { status: isDrawn(mutant) ? "passed" : "compileError" }]),
      ),
  };
}

/** Appends each result to a file, one a line, as JSON. */
function createReporter() {
  return {
    onMutantTested({ fileName, location, mutatorName, replacement, status, killedBy }) {
      if (status === "CompileError") return;
      const mutant = { fileName, location, mutatorName, replacement };
      appendFileSync(
        results,
        `${JSON.stringify({ identity: identity(mutant), ...mutant, status, killedBy })}\n`,
      );
    },
  };
}

export const strykerPlugins = [
  { kind: "Checker", name: "drawn", factory: createChecker },
  { kind: "Reporter", name: "lines", factory: createReporter },
];
