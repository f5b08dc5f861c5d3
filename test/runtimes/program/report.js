/**
 * What a runtime has to say. Fettle is imported here and not before, so that `coldStart` counts it:
 * milliseconds from before the import to the end of the first step of training.
 */

/**
 * @param {string} csv - the text of `fettle/data/wine.csv`
 * @param {number} jobs - threads for the study
 * @param {() => Promise<{ overHttp: unknown }>} http - loads `http.js`; a page without a bundler cannot
 */
export async function report(csv, jobs, http = async () => ({})) {
  const begin = performance.now();
  const { firstStep, stepsPerSecond } = await import("./speed.js");
  await firstStep();
  const coldStart = performance.now() - begin;
  const { study } = await import("./study.js");
  const { overHttp } = await http();
  const digests = await study(csv, jobs, overHttp ? { "over HTTP": overHttp } : {});
  return { runtime: runtimeName(), digests, coldStart, stepsPerSecond: await stepsPerSecond() };
}

/** The host by what only it has. */
function runtimeName() {
  if ("EdgeRuntime" in globalThis) return "edge-runtime";
  if ("Deno" in globalThis) return "deno";
  if ("Bun" in globalThis) return "bun";
  const agent = globalThis.navigator?.userAgent ?? "";
  if (agent === "Cloudflare-Workers") return "workerd";
  if (agent.includes("Firefox/")) return "firefox";
  if (agent.includes("Chrome/")) return "chromium";
  return "node";
}
