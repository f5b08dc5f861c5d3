/**
 * The flags of commands, and which option of the library each reaches: what `reach.test.ts` tries. Not a test
 * itself.
 */
import { join } from "node:path";
import { root } from "./fettle.js";

export type Options = Record<string, never>;
/** Words, what is looked at, what it is with them, and what is typed in both cases. */
type Row = readonly [words: string, seen: (options: Options) => unknown, expected: unknown, both?: string];
/** What a command does with its results, which other tests hold. */
const AFTERWARDS = "afterwards";

export const nameOf = (value: unknown) => (value as { name?: unknown } | undefined)?.name;
export const namesOf = (list: unknown) => (list as readonly unknown[]).map(nameOf);
const one = (name: string) => (options: Options) => options[name] as unknown;
/** The outputs of the first layer of a model. */
const unitsOf = (model: unknown): unknown =>
  (model as { layers: { outputShape(input: number[]): number[] }[] }).layers[0].outputShape([2]);
const sizeOf = ({ strategy, space }: Options): unknown =>
  (strategy as { size(space: unknown): unknown }).size(space);
const call = (name: string, argument: object) => (options: Options) =>
  (options[name] as unknown as (given: object) => unknown)(argument);

const study = "--storage tuned.db --study one";
const host = "--url https://host --token secret";
export const flags: Readonly<
  Record<string, readonly [base: string, rows: Readonly<Record<string, Row | string>>]>
> = {
  fit: [
    "data.csv --target y",
    {
      testSize: ["--test-size 0.3", one("testSize"), 0.3],
      epochs: ["--epochs 7", (o) => (call("fit", { units: 2 })(o) as { epochs: number }).epochs, 7],
      set: [
        "--set units=5 --set activation=tanh",
        ({ space }) => space,
        {
          batchSize: { type: "choice", values: [25] },
          units: { type: "choice", values: [5] },
          activation: { type: "choice", values: ["tanh"] },
        },
      ],
      seed: ["--seed 4", one("seed"), 4],
      unknown: ["--unknown missing", one("unknown"), "missing"],
      indicator: [
        "--no-indicator",
        ({ pipeline }) => (pipeline as { indicator?: unknown }).indicator,
        false,
        "--missing impute",
      ],
      plot: ["--plot", one("curves"), "validation"],
      report: ["--report page.html", one("curves"), "validation"],
      out: AFTERWARDS,
      json: AFTERWARDS,
    },
  ],
  "lr-find": [
    "data.csv --target y",
    {
      low: ["--low 0.01", one("low"), 0.01],
      high: ["--high 3", one("high"), 3],
      steps: ["--steps 9", one("steps"), 9],
      smoothing: ["--smoothing 0.5", one("smoothing"), 0.5],
      batchSize: ["--batch-size 7", one("batchSize"), 7],
      set: ["--set units=3", (o) => unitsOf(call("model", { learningRate: 0.5 })(o)), [3]],
      seed: ["--seed 4", one("seed"), 4],
      indicator: [
        "--no-indicator",
        ({ pipeline }) => (pipeline as { indicator?: unknown }).indicator,
        false,
        "--missing impute",
      ],
      plot: AFTERWARDS,
      out: AFTERWARDS,
      json: AFTERWARDS,
    },
  ],
  serve: [
    "--space space.json --storage s.db --study one",
    {
      storage: AFTERWARDS, // a study that it contains is resumed
      study: ["--study two", one("study"), "two"],
      space: AFTERWARDS,
      direction: ["--direction maximize", one("direction"), "maximize"],
      trials: ["--trials 9", one("trials"), 9],
      strategy: ["--strategy tpe", ({ strategy }) => nameOf(strategy), "tpe"],
      points: ["--points 3", sizeOf, 3, "--strategy grid"],
      scheduler: ["--scheduler median --steps 5", ({ scheduler }) => nameOf(scheduler), "median"],
      steps: ["--steps 6 --scheduler asha", one("steps"), 6],
      seed: ["--seed 4", one("seed"), 4],
      lag: ["--lag 2", one("lag"), 2],
      lease: ["--lease 2.5", one("leaseSeconds"), 2.5],
      port: ["--port 9", one("port"), 9],
      host: ["--host 0.0.0.0", one("hostname"), "0.0.0.0"],
    },
  ],
  optimize: [
    "--space space.json",
    {
      space: AFTERWARDS, // without it, there is nothing to run
      env: [
        "--env",
        ({ command }) => (command as { variablesOf(params: object): object }).variablesOf({ units: 3 }),
        { FETTLE_UNITS: "3", FETTLE_PARAMS: '{"units":3}' },
      ],
      metric: ["--metric loss", one("metrics"), ["loss"]],
      direction: [
        "--direction minimize,maximize",
        one("direction"),
        ["minimize", "maximize"],
        "--metric loss,accuracy",
      ],
      value: ["--value file:a/b", one("source"), { file: "a/b" }],
      trials: ["--trials 9", one("trials"), 9],
      // of which the command has taken half a second
      seconds: ["--seconds 10", one("timeout"), 9_500],
      strategy: ["--strategy tpe", ({ strategy }) => nameOf(strategy), "tpe"],
      points: ["--points 3", sizeOf, 3, "--strategy grid"],
      scheduler: ["--scheduler median --steps 5", ({ scheduler }) => nameOf(scheduler), "median"],
      steps: ["--steps 6 --scheduler asha", one("steps"), 6],
      seed: ["--seed 4", one("seed"), 4],
      jobs: ["--jobs 3", one("jobs"), 3],
      lag: ["--lag 2", one("lag"), 2],
      trialTimeout: ["--trial-timeout 1.5", one("trialTimeout"), 1_500],
      grace: ["--grace 0.25", one("grace"), 250],
      json: AFTERWARDS,
      markdown: AFTERWARDS,
      plot: AFTERWARDS,
      out: AFTERWARDS,
      overwrite: AFTERWARDS,
      resume: AFTERWARDS,
      storage: AFTERWARDS,
      study: AFTERWARDS,
    },
  ],
  worker: [
    "",
    {
      storage: [
        "--storage tuned.db",
        ({ trainings }) => (trainings as { seed: number }).seed,
        5,
        "--study one --storage other.db",
      ],
      study: ["--study two", one("queue"), ["storage", "two"], study],
      queue: ["--queue postgres://host/jobs", one("queue"), ["postgres://host/jobs", "one"], study],
      jobs: ["--jobs 1", one("jobs"), 1, study],
      jobTimeout: ["--job-timeout 1.5", one("jobTimeout"), 1_500, study],
      wait: ["--wait", one("wait"), true, study],
    },
  ],
  dashboard: [
    "",
    {
      storage: ["--storage tuned.db", one("path"), "tuned.db"],
      url: ["--url https://other", one("url"), "https://other", host],
      token: ["--token another", one("token"), "another", host],
      tokenFile: ["--token-file token", one("token"), "in a file", "--url https://host"],
      study: ["--study one,two", one("studies"), ["one", "two"], host],
      port: ["--port 9", one("port"), 9, host],
      edit: ["--edit", one("mayWrite"), true, host],
      open: AFTERWARDS,
    },
  ],
  benchmark: [
    "--out bench",
    {
      problems: ["--problems himmelblau,beale", ({ problems }) => namesOf(problems), ["himmelblau", "beale"]],
      optimizers: ["--optimizers lion,sgd", ({ optimizers }) => namesOf(optimizers), ["lion", "sgd"]],
      with: [
        `--with ${join(root, "examples/own-benchmark.js")}`,
        ({ optimizers }) => namesOf(optimizers).includes("signum"),
        true,
      ],
      seeds: ["--seeds 3", one("seeds"), 3],
      trials: ["--trials 4", one("trials"), 4],
      jobs: ["--jobs 1", one("jobs"), 1],
      out: AFTERWARDS,
      pictures: AFTERWARDS,
    },
  ],
};
