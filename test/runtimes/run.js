/**
 * `npm run test:runtimes`: the same program on Node, workerd, Deno and Bun must come to
 * the same bits. Prints a table and, as its last line, `N passed, N failed`; a runtime
 * fails if it cannot run or does not agree with the first that ran.
 */
import { install } from "./install.js";
import { runtimes } from "./launch.js";

const results = [];
try {
  install();
  for (const runtime of runtimes) results.push(await attempt(runtime));
} catch (error) {
  console.error(error.message);
}
const reference = results.find(({ digest }) => digest !== "");
for (const result of results) {
  if (result.digest !== "" && result.digest !== reference.digest) {
    result.failure = `its digest differs from that of ${reference.name}`;
  }
}

printTable([
  ["runtime", "version", "digest", "milliseconds"],
  ...results.map(({ name, version, digest, milliseconds }) => [name, version, digest, milliseconds]),
]);
for (const { name, failure } of results) if (failure) console.log(`${name}: ${failure}`);
const passed = results.filter(({ failure }) => failure === undefined).length;
const failed = runtimes.length - passed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs one; `milliseconds` counts its start and, for workerd, the bundling too. */
async function attempt({ name, version, run }) {
  const result = { name, version: "", digest: "", milliseconds: "", failure: undefined };
  try {
    result.version = version() ?? "";
    const start = performance.now();
    const { runtime, digest } = await run();
    result.milliseconds = (performance.now() - start).toFixed(0);
    if (runtime !== name) throw new Error(`the program ran on ${runtime} instead`);
    result.digest = digest;
  } catch (error) {
    result.failure = error.message;
  }
  return result;
}

function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    );
}
