/** A verification counts its checks, reports broken laws, and can be stopped. */
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import type { Executor, Run } from "../../src/engine/executor.js";
import * as f from "../../src/graph/functions.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { optimizers } from "../../src/optim/registry.js";
import { sgd } from "../../src/optim/sgd.js";
import { halving } from "../../src/search/schedulers/halving.js";
import { schedulerNames } from "../../src/search/schedulers/index.js";
import { strategyNames } from "../../src/search/strategies/index.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { Strategy } from "../../src/search/strategies/strategy.js";
import { anyTensor, numbers } from "../../src/testing/arbitraries/tensors.js";
import { executorLaws } from "../../src/testing/executor.js";
import { BrokenLaw } from "../../src/testing/laws.js";
import { checkOperationLaw, operationLaws } from "../../src/testing/operation.js";
import { operationCases } from "../../src/testing/operations/index.js";
import { optimizerLaws } from "../../src/testing/optimizer.js";
import type { VerifyParts } from "../../src/testing/parts.js";
import {
  checkReproducibility,
  digestOf,
  type Reproducible,
  reproducibilityLaws,
} from "../../src/testing/reproducibility.js";
import { rankLaws, schedulerLaws } from "../../src/testing/scheduler.js";
import { checkStrategyLaw, strategyLaws } from "../../src/testing/strategy.js";
import {
  type VerifyEvent,
  type VerifyGroup,
  type VerifyOptions,
  verify,
  verifyGroups,
} from "../../src/testing/verify.js";
import { cases } from "../cases.js";
import { refusal } from "../nn/support.js";

const count = (record: object): number => Object.keys(record).length;

describe("the library", () => {
  it("keeps all laws here, and each is counted", async () => {
    const events: VerifyEvent[] = [];
    const { groups, digests, ...rest } = await verify({
      cases: 2,
      seed: 5,
      onEvent: (event) => events.push(event),
    });
    expect(groups.flatMap(({ broken }) => broken.map(({ message }) => message))).toEqual([]);
    expect(rest).toEqual({ cases: 2, seed: 5, complete: true });

    const operations = Object.values(operationCases).filter((uses) => uses !== undefined).length;
    const [strategies, schedulers] = [strategyNames.length, schedulerNames.length];
    // without definitions of operations, and without equations
    const expected: Record<VerifyGroup, readonly [parts: number, laws: number, checks: number]> = {
      operations: [operations, 1, operations],
      gradients: [operations, 1, operations],
      optimizers: [
        count(optimizers),
        count(optimizerLaws) - 1,
        count(optimizers) * (count(optimizerLaws) - 1),
      ],
      strategies: [strategies, count(strategyLaws), strategies * count(strategyLaws)],
      // median stopping is not rank-based
      schedulers: [schedulers, count(schedulerLaws), schedulers * count(schedulerLaws) - rankLaws.length],
      executors: [2, count(executorLaws), 2 * count(executorLaws)],
      // only one of the three has recorded digests
      reproducibility: [3, count(reproducibilityLaws), 3 * count(reproducibilityLaws) - 2],
    };
    const counted = groups.map(({ group, parts, laws, cases: tried }) => [group, parts, laws, tried]);
    expect(counted).toEqual(
      Object.entries(expected).map(([group, [parts, laws, checks]]) => [
        ...[group, parts, laws],
        group === "reproducibility" ? checks : 2 * checks,
      ]),
    );

    const checks = Object.values(expected).reduce((sum, [, , each]) => sum + each, 0);
    expect(events[0]).toEqual({ type: "verifyStarted", checks });
    expect(events.slice(1).filter((event) => event.type === "checkEnded")).toHaveLength(checks);
    for (const { group, worst } of groups) {
      const bounded = ["operations", "gradients", "optimizers", "executors"].includes(group);
      if (bounded) expect(worst).toBeGreaterThan(0);
      if (bounded) expect(worst).toBeLessThanOrEqual(1);
      if (!bounded) expect(worst).toBeNull();
    }
    expect(Object.keys(digests)).toEqual(["a tuning by random", "a tuning by tpe", "a tuning by gp"]);
    expect(new Set(Object.values(digests)).size).toBe(3);
  });
});

/** An executor whose runs take one step too few of several. */
function shortOfOne(): Executor {
  const executor = createEngine({ executor: "reference" });
  const late = (run: Run): Run =>
    new Proxy(run, {
      get(target, key) {
        if (key === "advance") return (steps: number) => target.advance(Math.max(1, steps - 1));
        const value = Reflect.get(target, key) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return new Proxy(executor, {
    get(target, key) {
      if (key === "start") return (...words: Parameters<Executor["start"]>) => late(target.start(...words));
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const stuck: Strategy = {
  ...random(),
  name: "stuck",
  suggest: (context) => random().suggest({ ...context, earlier: [] }),
};

/** A faulty part beside a sound one, and the law that it breaks. */
const faults: readonly (readonly [VerifyGroup, Partial<VerifyParts>, part: string, law: string])[] = [
  [
    "operations",
    {
      operations: [
        ["tanh"],
        [
          {
            name: "double",
            cases: anyTensor([2], numbers.real).map((x) => ({ fn: (v) => f.mul(v, 2), args: [x] })),
            equals: (x) => x.map((v) => 2 * v + 1e-6),
          },
        ],
      ],
    },
    "double",
    "equals its definition",
  ],
  [
    "gradients",
    {
      operations: [
        ["tanh"],
        [
          {
            name: "half",
            cases: anyTensor([2], numbers.real).map((x) => ({
              fn: (v) => f.mul(v, f.stopGradient(v)),
              args: [x],
            })),
          },
        ],
      ],
    },
    "half",
    "has the gradient that finite differences give, to second order",
  ],
  [
    "optimizers",
    {
      optimizers: [
        [sgd()],
        [
          defineOptimizer({
            name: "drifting",
            hyperparameters: { learningRate: 0.1 },
            update: ({ gradient, hyperparameters: { learningRate } }) => ({
              update: f.neg(f.mul(learningRate, f.add(gradient, 0.001))),
            }),
          })(),
        ],
      ],
    },
    "drifting",
    "does not move a new parameter while its gradient is 0, without weight decay",
  ],
  [
    "strategies",
    { strategies: [[random()], [stuck]] },
    "stuck",
    "repeats no point of a finite space before all are used",
  ],
  [
    "schedulers",
    { schedulers: [[halving], [() => ({ ...halving(), name: "hasty", rungs: () => [0] })]] },
    "hasty",
    "has ascending rungs, each at least 1 and below the full budget",
  ],
  [
    "executors",
    { executors: [[createEngine()], [shortOfOne()]] },
    "reference",
    "gives the same for n steps in one call as in n calls",
  ],
  [
    "reproducibility",
    {
      tunings: [
        [{ name: "a constant", run: async () => 1 }],
        [{ name: "a count of threads", run: async (_, { jobs = 1 }) => jobs }],
      ],
    },
    "a count of threads",
    "gives the same bits on any number of threads",
  ],
];

describe("a fault among", () => {
  it.each(faults)("%s is reported, and nothing else", async (group, parts, part, law) => {
    const seen: VerifyEvent[] = [];
    const report = await verify({
      only: [group],
      parts,
      cases: 10,
      seed: 8,
      onEvent: (event) => seen.push(event),
    });
    expect(report.groups).toHaveLength(1);
    const { broken } = report.groups[0];
    expect(new Set(broken.map((each) => each.part))).toEqual(new Set([part]));
    const found = broken.find((each) => each.law === law);
    expect(found?.message).toContain(`"${law}": `);
    expect(found?.message).toMatch(/\nCase \d+, shrunk \d+ times: .*\nReplay it with \{ seed: 8, path: "/);
    const told = seen.flatMap((event) => (event.type === "checkEnded" ? (event.broken ?? []) : []));
    expect(told).toEqual(broken);
    expect(report.digests).toEqual({});
    expect(report.complete).toBe(true);
  });

  it("is found again with the replay of its message", async () => {
    const [{ broken }] = (await verify({ only: ["strategies"], parts: { strategies: [[stuck]] } })).groups;
    const [, path] = broken[0].message.match(/path: "([\d:]+)"/) as RegExpMatchArray;
    let thrown: unknown;
    try {
      checkStrategyLaw(stuck, broken[0].law, { seed: 0, path });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BrokenLaw);
    expect((thrown as BrokenLaw).cases).toBe(1);
    expect((thrown as BrokenLaw).replay.seed).toBe(0);
    const caseOf = (text: string) => text.split("\n")[1].replace(/^.*times: /, "");
    expect(caseOf((thrown as Error).message)).toBe(caseOf(broken[0].message));
  });
});

describe("the result", () => {
  it("are the requested groups, in their order, with the options of each part", async () => {
    const own = 5;
    let told = 0;
    const { groups } = await verify({
      only: ["strategies", "operations"],
      cases: 3,
      parts: {
        operations: [["exp", { onShare: () => told++ }], ["abs"]],
        strategies: [[random(), { numRuns: own, trials: 2 }]],
      },
    });
    expect(groups.map(({ group, parts, cases: tried }) => [group, parts, tried])).toEqual([
      ["operations", 2, 2 * 3],
      ["strategies", 1, count(strategyLaws) * own],
    ]);
    expect(told).toBe(3);
  });

  it("has the worst case of the law as its share of the bound", async () => {
    const law = Object.keys(operationLaws)[1];
    const shares: number[] = [];
    const options = { numRuns: cases(40), seed: 2 };
    checkOperationLaw("exp", law, { ...options, onShare: (share) => shares.push(share) });
    expect(shares).toHaveLength(cases(40));
    const [{ worst }] = (
      await verify({ only: ["operations"], cases: cases(40), seed: 2, parts: { operations: [["exp"]] } })
    ).groups;
    expect(worst).toBe(Math.max(...shares));
  });

  it("has the digest of a tuning that is an object of a class", async () => {
    class Tuning {
      readonly name = "own";
      private readonly base = 3;
      async run(seed: number) {
        return seed + this.base;
      }
    }
    const parts: Partial<VerifyParts> = { tunings: [[new Tuning()]] };
    const { digests } = await verify({ cases: 1, only: ["reproducibility"], parts });
    expect(digests).toEqual({ own: digestOf(3) });
  });

  it("ends with what a listener rejects with", async () => {
    const onEvent = (): void => Promise.reject(new Error("disk full")) as never;
    await expect(verify({ cases: 1, only: ["schedulers"], onEvent })).rejects.toThrow("disk full");
  });

  it("ends after the running check once it is stopped", async () => {
    const signal = { aborted: false };
    let ended = 0;
    const { groups, complete, digests } = await verify({
      cases: 1,
      only: ["schedulers", "reproducibility"],
      signal,
      onEvent(event) {
        if (event.type === "checkEnded") signal.aborted = ++ended === 3;
      },
    });
    expect([ended, complete, digests]).toEqual([3, false, {}]);
    expect(groups.map(({ group, parts, laws, cases: tried }) => [group, parts, laws, tried])).toEqual([
      ["schedulers", 1, 3, 3],
      ["reproducibility", 0, 0, 0],
    ]);
  });

  it.each([
    [{ only: ["strategy"] }, 'unknown_name: unknown group "strategy". Did you mean "strategies"?'],
    [{ cases: 0 }, "invalid_argument: cases must be a positive integer; received 0"],
    [{ cases: 1.5 }, "invalid_argument: cases must be a positive integer; received 1.5"],
    [{ seed: -1 }, "invalid_argument: seed must be an integer of at least 0 and below 2³¹; received -1"],
    [
      { seed: 2 ** 31 },
      "invalid_argument: seed must be an integer of at least 0 and below 2³¹; received 2147483648",
    ],
    [
      { only: "strategies" },
      'invalid_argument: only must be an array of names of groups; received "strategies"',
    ],
    [{ part: {} }, 'unknown_name: unknown option of verify "part". Did you mean "parts"?'],
    [{ parts: { strategy: [] } }, 'unknown_name: unknown option of parts "strategy"'],
    [
      { parts: { strategies: [random()] } },
      "invalid_argument: parts.strategies must be an array of the arguments",
    ],
    [{ onEvent: 5 }, "invalid_argument: onEvent must be a function; received 5"],
  ])("is refused for %j", async (options, message) => {
    expect(await refusal(() => verify(options as VerifyOptions))).toContain(message);
  });
});

describe("reproducibility", () => {
  let calls = 0;
  const broken: readonly (readonly [string, Omit<Reproducible, "name">, RegExp])[] = [
    [
      "for the same seed",
      { run: async () => calls++ },
      /the second result differs from character 0: …\d…, not …\d…/,
    ],
    [
      "on any number",
      { run: async (_, { jobs = 1 }) => [0.5, jobs] },
      /the result on 2 threads differs from character 5/,
    ],
    ["in slices", { run: async (_, { slice = 0 }) => slice }, /the result in slices of 1 steps differs/],
    [
      "recorded bits",
      { run: async (seed) => [seed], recorded: [digestOf([0]), digestOf([7])] },
      new RegExp(`seed 1 gave ${digestOf([1])}; recorded is ${digestOf([7])}`),
    ],
  ];

  it.each(broken)("%s is checked", async (law, parts, message) => {
    calls = 0;
    const error = await checkReproducibility({ name: "it", ...parts }, { seed: 1 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BrokenLaw);
    expect((error as Error).message).toContain(law);
    expect((error as Error).message).toMatch(message);
  });

  it("holds for a result that never changes, and for its recorded digests", async () => {
    const recorded = [0, 1].map((seed) => digestOf({ seed }));
    await checkReproducibility({ name: "it", run: async (seed) => ({ seed }), recorded });
  });

  it("uses the checksum of zip", () => {
    // zlib's crc32 of "[1,2,3]" and of "33", which begins with a 0
    expect(digestOf([1, 2, 3])).toBe("fd6db3e9");
    expect(digestOf(33)).toBe("0a6216d9");
  });
});

it("verifies every listed group", () => {
  expect(verifyGroups).toEqual([
    ...["operations", "gradients", "optimizers", "strategies", "schedulers", "executors", "reproducibility"],
  ]);
});
