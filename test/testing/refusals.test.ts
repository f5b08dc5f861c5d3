/** Arguments of checks that are refused before any case is tried. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import { tanh } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { halving } from "../../src/search/schedulers/halving.js";
import { random } from "../../src/search/strategies/random/random.js";
import * as testing from "../../src/testing/index.js";
import { refusal } from "../nn/support.js";

/** Without types, as a JavaScript user calls them. */
const untyped = testing as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;
const run = async () => 1;
const anOperation = { name: "twice", cases: fc.constant({ fn: tanh, args: [1] }) };

it.each<readonly [check: string, args: readonly unknown[], message: string]>([
  [
    "checkStrategy",
    [undefined],
    "invalid_argument: strategy must be a strategy such as random(); received undefined",
  ],
  ["checkStrategy", ["random"], 'strategy must be a strategy such as random(); received "random"'],
  ["checkStrategy", [random], "strategy must be a strategy such as random(); received function random"],
  [
    "checkStrategy",
    [random(), { trial: 3 }],
    'unknown_name: unknown option of checkStrategy "trial". Did you mean "trials"?',
  ],
  [
    "checkStrategy",
    [random(), { trials: 0 }],
    "invalid_argument: trials must be a positive integer; received 0",
  ],
  [
    "checkStrategy",
    [random(), { numRuns: "9" }],
    'invalid_argument: numRuns must be a positive integer; received "9"',
  ],
  ["checkStrategy", [random(), { seed: 0.5 }], "invalid_argument: seed must be an integer; received 0.5"],
  [
    "checkStrategy",
    [random(), { path: 0 }],
    "invalid_argument: path must be a path that a failure names; received 0",
  ],
  ["checkStrategy", [random(), { onShare: 1 }], "invalid_argument: onShare must be a function; received 1"],
  ["checkStrategy", [random(), 5], "the options of checkStrategy must be an object; received 5"],
  ["checkStrategyLaw", [random(), "is kind"], 'unknown_name: unknown law "is kind". Known:'],
  ["checkScheduler", [halving()], "invalid_argument: make must be a function that creates a scheduler"],
  ["checkScheduler", [() => "halving"], 'the result of make must be a scheduler; received "halving"'],
  [
    "checkScheduler",
    [() => halving(), { rankBased: "no" }],
    'rankBased must be true or false; received "no"',
  ],
  ["checkScheduler", [() => halving(), { steps: 1.5 }], "steps must be a positive integer; received 1.5"],
  ["checkScheduler", [() => halving(), { ranks: true }], 'unknown option of checkScheduler "ranks"'],
  [
    "checkOptimizer",
    ["adam"],
    'invalid_argument: optimizer must be an optimizer such as adam(); received "adam"',
  ],
  ["checkOptimizer", [adam], "optimizer must be an optimizer such as adam(); received function"],
  ["checkOptimizer", [adam(), { except: ["stays"] }], 'unknown_name: unknown law "stays"'],
  [
    "checkOptimizer",
    [adam(), { except: "stays" }],
    'except must be an array of names of laws; received "stays"',
  ],
  ["checkOptimizer", [adam(), { tolerance: -1 }], "tolerance must be a positive number; received -1"],
  ["checkOptimizer", [adam(), { equations: {} }], "equations must be a function; received {}"],
  [
    "checkExecutor",
    ["wasm"],
    'invalid_argument: executor must be an executor such as createEngine(); received "wasm"',
  ],
  [
    "checkExecutor",
    [createEngine(), { precision: 32 }],
    "precision must be FLOAT32, FLOAT64 or another precision",
  ],
  [
    "checkExecutor",
    [createEngine(), { instructions: 4 }],
    "instructions must be an integer of at least 5; received 4",
  ],
  ["checkOperation", ["thanh"], 'unknown_name: unknown operation "thanh". Did you mean "tanh"?'],
  ["checkOperation", [undefined], "operation must be the name of an operation, or { name, cases }"],
  ["checkOperation", [{ name: "f" }], "operation must be the name of an operation, or { name, cases }"],
  ["checkOperation", [{ ...anOperation, equals: 2 }], "equals must be a function; received 2"],
  [
    "checkOperation",
    ["tanh", { tolerance: Number.NaN }],
    "tolerance must be a positive number; received NaN",
  ],
  [
    "checkReproducibility",
    [run],
    "invalid_argument: subject must be an object with a name and a function run",
  ],
  [
    "checkReproducibility",
    [{ name: "it", run, recorded: "a" }],
    'recorded must be an array of digests; received "a"',
  ],
  [
    "checkReproducibility",
    [{ name: "it", run }, { cases: 3 }],
    'unknown option of checkReproducibility "cases"',
  ],
  ["checkGradients", ["tanh", [1]], 'invalid_argument: fn must be a function of values; received "tanh"'],
  ["checkGradients", [tanh, 1], "args must be an array of at least one argument; received 1"],
  ["checkGradients", [tanh, []], "args must be an array of at least one argument; received []"],
  ["checkGradients", [tanh, [1], { order: 3 }], "order must be 1 or 2; received 3"],
  ["checkGradients", [tanh, [1], { seed: -1 }], "seed must be an integer of at least 0; received -1"],
  [
    "checkGradients",
    [tanh, [1], { tolerence: 1 }],
    'unknown option of checkGradients "tolerence". Did you mean "tolerance"?',
  ],
  ["checkGradients", [tanh, [1], { reach: 0 }], "reach must be a positive number; received 0"],
])("%s refuses invalid arguments %#", async (check, args, message) => {
  expect(await refusal(async () => untyped[check](...args))).toContain(message);
});

it.each([
  ["anySpace", { finit: true }, 'unknown_name: unknown option of anySpace "finit". Did you mean "finite"?'],
  [
    "anySpace",
    { maxParameters: 0 },
    "invalid_argument: maxParameters must be a positive integer; received 0",
  ],
  ["anyShape", { rank: 2 }, 'unknown_name: unknown option of anyShape "rank"'],
  ["anyShape", { maxSize: 0 }, "maxSize must be a positive integer; received 0"],
  ["anyBroadcast", { minRank: -1 }, "minRank must be an integer of at least 0; received -1"],
  ["anyQuadratic", { conditon: 10 }, 'unknown option of anyQuadratic "conditon". Did you mean "condition"?'],
  ["anyQuadratic", { condition: 0.5 }, "condition must be a number of at least 1; received 0.5"],
  ["anyMatrix", { smoothness: 0 }, "smoothness must be a positive number; received 0"],
  ["anyMatrix", { maxDimension: 1 }, "maxDimension must be an integer of at least 2; received 1"],
  ["anyModel", { maxRows: 1 }, "maxRows must be an integer of at least 2; received 1"],
  ["anyModel", { hidden: 1 }, 'unknown option of anyModel "hidden"'],
  [
    "anyTestFunction",
    { convext: true },
    'unknown option of anyTestFunction "convext". Did you mean "convex"?',
  ],
  ["anyLearningCase", { trials: 3 }, "steps must be a positive integer; received undefined"],
])("%s refuses %j", async (arbitrary, constraints, message) => {
  expect(await refusal(async () => untyped[arbitrary](constraints))).toContain(message);
});
