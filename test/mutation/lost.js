/**
 * `npm run test:lost`: leaves out one property of an object, or one last argument of a call, at a time, where
 * the compiler does not object, and tells whether a test does. These are the faults of joints: what one part
 * does not hand on, another replaces by a default, in silence. Stryker has no such mutant.
 *
 *     npm run test:lost -- --sample 100 --seed 1          # as many of all, drawn by a seed
 *     npm run test:lost -- --sample 100 src/tune src/nn/  # of the files whose paths begin so
 *     npm run test:lost -- --match 'weights|mask'         # of those whose text has this
 *     npm run test:lost -- --seconds 90                   # how long tests run for each; the nearest run first
 *     npm run test:lost -- --again                        # of these, those that no test has found yet
 *     npm run test:lost -- --list                         # prints what is drawn
 *
 * One that survives may still be found by a test that is further away. `.mutants/lost.jsonl` keeps the
 * results, so a run that was ended resumes.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";
import { createVitest } from "vitest/node";
import { compiler, lossesOf, without } from "./losses.js";
import { nearest, testsOf } from "./nearest.js";
import { draw } from "./sample.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    match: { type: "string", default: "" },
    seconds: { type: "string", default: "90" },
    again: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const results = join(root, ".mutants", "lost.jsonl");
mkdirSync(join(root, ".mutants"), { recursive: true });
appendFileSync(results, "");

const known = new Map();
for (const line of readFileSync(results, "utf8").split("\n").filter(Boolean)) {
  const result = JSON.parse(line);
  known.set(result.identity, result);
}

const { program, accepts } = compiler(root);
const isChosen = (file) => positionals.length === 0 || positionals.some((path) => file.startsWith(path));
const all = lossesOf(root, program, isChosen).filter(({ text }) => new RegExp(options.match).test(text));
const drawn = drawnOf(new Map(all.map((loss) => [loss.identity, loss])));
if (options.list) for (const { identity } of drawn) console.log(identity);
else await tryAll();

/** The losses that the seed draws, of which the compiler accepts each. */
function* drawnOf(byIdentity) {
  let count = 0;
  for (const identity of draw([...byIdentity.keys()], byIdentity.size, options.seed)) {
    if (count === Number(options.sample)) return;
    const loss = byIdentity.get(identity);
    if (known.get(identity)?.isRefused) continue;
    if (known.has(identity) || accepts(loss)) {
      count++;
      yield loss;
    } else record({ identity, isRefused: true });
  }
}

function record(result) {
  known.set(result.identity, result);
  appendFileSync(results, `${JSON.stringify(result)}\n`);
}

async function tryAll() {
  const tests = testsOf(root);
  const runner = await createRunner();
  const [tried, survivors] = [[], []];
  for (const loss of drawn) {
    const { identity } = loss;
    if (!known.has(identity) || (options.again && !known.get(identity).killer)) {
      record({ identity, ...(await attempt(runner, loss, nearest(tests, loss))) });
      const { killer } = known.get(identity);
      console.log(`${killer ? "killed  " : "SURVIVED"} ${identity}  ${killer ?? ""}`);
    }
    tried.push(loss);
    if (!known.get(identity).killer) survivors.push(loss);
  }
  await runner.close();
  console.log("\n| file | line | lost, and no test of those tried fails | tests |\n|---|---|---|---|");
  for (const { identity, file, line, text } of survivors)
    console.log(`| ${file} | ${line} | \`${text}\` | ${known.get(identity).tried} |`);
  const refused = all.filter(({ identity }) => known.get(identity)?.isRefused).length;
  const killed = tried.length - survivors.length;
  console.log(`\n${all.length} losses, of which the compiler refuses ${refused} or more`);
  console.log(`${tried.length} drawn, ${killed} killed, ${survivors.length} survived`);
}

/** Plants one loss and runs tests, some at a time, until one fails or the time is over. */
async function attempt(runner, loss, tests) {
  const end = Date.now() + 1000 * Number(options.seconds);
  runner.plant(join(root, loss.file), without(root, loss));
  let tried = 0;
  try {
    for (let size = 6; tried < tests.length && Date.now() < end; size *= 2) {
      const some = tests.slice(tried, tried + size);
      const killer = await runner.firstFailure(some);
      tried += some.length;
      if (killer) return { killer, tried };
    }
    return { tried };
  } finally {
    runner.plant(undefined);
  }
}

/** Vitest, kept running, whose modules and bundles are those of the sources with one file changed. */
async function createRunner() {
  const state = { path: undefined, text: undefined, tests: [] };
  globalThis.fettleLost = state;
  let ended = [];
  const reporter = { onTestModuleEnd: (module) => ended.push(module) };
  const config = join(root, "test/mutation/lost.config.js");
  const settings = { root, config, watch: false, bail: 1, reporters: [reporter] };
  const vitest = await createVitest("test", settings, { mode: "core" });
  const all = new Map((await vitest.globTestSpecifications()).map((each) => [each.moduleId, each]));
  /** Whether a test passes without a loss, as far as is known. */
  const isSound = new Map();
  const run = async (paths) => {
    ended = [];
    state.tests = paths.filter((path) => all.has(path));
    const { unhandledErrors } = await vitest.runTestSpecifications(state.tests.map((path) => all.get(path)));
    for (const module of ended) if (module.ok()) isSound.set(module.moduleId, true);
    return ended.find((module) => !module.ok())?.moduleId ?? (unhandledErrors.length > 0 ? "an error" : "");
  };
  /** The file whose loss the bundles in `dist/` have. */
  let bundled;
  const bundle = (path) => {
    const text = path === state.path ? state.text : readFileSync(path, "utf8");
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(path.replace(/\/src\/(.*)ts$/, "/dist/$1js"), outputText);
    spawnSync(process.execPath, ["scripts/bundle.js"], { cwd: root, stdio: "inherit" });
  };
  const plant = (path, text) => {
    for (const changed of [path, state.path]) if (changed) vitest.invalidateFile(changed);
    Object.assign(state, { path, text });
    if (bundled) bundle(bundled);
    bundled = undefined;
  };
  /** The first test that fails with a loss and passes without. */
  const firstFailure = async (tests) => {
    const sound = tests.filter(({ file }) => isSound.get(join(root, file)) !== false);
    if (!bundled && sound.some(({ isBuilt }) => isBuilt)) {
      bundled = state.path;
      bundle(bundled);
    }
    const killer = await run(sound.map(({ file }) => join(root, file)));
    if (!all.has(killer) || isSound.get(killer)) return killer.replace(root, "");
    const { path, text } = state;
    plant(undefined);
    if ((await run([killer])) === "") return killer.replace(root, "");
    isSound.set(killer, false);
    console.log(`fails without a loss too: ${killer}`);
    plant(path, text);
    return firstFailure(tests);
  };
  return { plant, firstFailure, close: () => vitest.close() };
}
