/**
 * `npm run test:runtimes`: the same study on every runtime must come to the same bits, and checks of what
 * else must hold there. Arguments name some of them. Prints tables and, as its last line,
 * `N passed, N failed`; a runtime fails if it cannot be installed or run, or does not agree with the first
 * that ran.
 */
import { checks } from "./checks.js";
import { installApp } from "./install.js";
import { runtimes } from "./launch.js";

const names = process.argv.slice(2);
const all = [...runtimes, ...checks];
const unknown = names.find((name) => !all.some((each) => each.name === name));
if (unknown)
  throw new Error(
    `no runtime or check is named "${unknown}"; there are ${all.map(({ name }) => name).join(", ")}`,
  );
const isWanted = ({ name }) => names.length === 0 || names.includes(name);

installApp();
const results = [];
for (const runtime of runtimes.filter(isWanted)) results.push(await attempt(runtime));
const reference = results.find(({ report }) => report);
for (const result of results) {
  const differ = result.report && differences(result.report.digests, reference.report.digests);
  if (differ?.length > 0)
    result.failure = `its ${differ.join(" and ")} differ from those of ${reference.name}`;
}

if (reference) console.log(`digests of ${reference.name}: ${JSON.stringify(reference.report.digests)}\n`);
if (results.length > 0)
  printTable([
    ["runtime", "version", "kernels by", "threads", "cold start", "training", "digests"],
    ...results.map(({ name, version, kernels, threads = [], report, failure, missing }) => [
      name,
      version,
      kernels,
      report ? [1, ...threads].join(", ") : "",
      report ? `${report.coldStart.toFixed(0)} ms` : "",
      report ? `${report.stepsPerSecond.toFixed(0)} steps/s` : "",
      missing ? "missing" : report ? (failure ? "not equal" : "equal") : "failed",
    ]),
  ]);
console.log("");
for (const check of checks.filter(isWanted)) {
  const result = await attemptCheck(check);
  results.push(result);
  if (result.found) console.log(`${`${check.name} ${result.version}`.trim()}: ${result.found}`);
}
for (const { name, failure } of results) if (failure) console.log(`${name}: ${failure}`);
const failed = results.filter(({ failure }) => failure !== undefined).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
// not by itself: a check that failed may have left something at work
process.exit(failed === 0 ? 0 : 1);

async function attempt({ name, kernels, install, version, run, threads = [] }) {
  const result = { name, kernels, version: "" };
  try {
    await install();
  } catch (error) {
    return { ...result, missing: true, failure: `cannot be installed: ${error.message}` };
  }
  try {
    const report = await run(1);
    if (!name.startsWith(report.runtime)) throw new Error(`the program ran on ${report.runtime} instead`);
    for (const jobs of threads) {
      const differ = differences((await run(jobs)).digests, report.digests);
      if (differ.length > 0) throw new Error(`its ${differ.join(" and ")} differ on ${jobs} threads`);
    }
    result.threads = threads;
    return { ...result, version: version() ?? "", report };
  } catch (error) {
    return { ...result, version: version() ?? "", failure: error.message };
  }
}

async function attemptCheck({ name, install = () => {}, version = () => "", run }) {
  try {
    await install();
    return { name, version: version(), found: await run() };
  } catch (error) {
    return { name, failure: error.message };
  }
}

/** The digests that are not the same. */
function differences(one, other) {
  return Object.keys(other).filter((what) => one[what] !== other[what]);
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
