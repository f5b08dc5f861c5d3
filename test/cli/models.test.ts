/**
 * Models through files and processes: `tune --out`, `fit`, `predict`, `evaluate`, `inspect`, `verify`. Needs
 * `dist/`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCsv } from "../../src/data/csv.js";
import { encodeTable, takeExamples } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { random } from "../../src/search/strategies/random/random.js";
import { denseModel, denseSpace } from "../../src/tune/dense.js";
import { tune } from "../../src/tune/tune.js";
import { type Ended, fettle, ownProcess, root } from "./fettle.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-models-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TABLES = [
  ["iris", "species"],
  ["breast-cancer", "diagnosis"],
  ["wine", "cultivar"],
  ["digits", "digit"],
  ["diabetes", "progression"],
] as const;
const pathOf = (name: string): string => `examples/data/${name}.csv`;

describe("a model in a file", () => {
  it.each(TABLES)(
    "predicts in another process what it predicted here, to the bit: %s",
    async (name, target) => {
      const table = readTable(readFileSync(pathOf(name), "utf8"));
      const data = encodeTable(table, { target });
      const { final } = await tune({
        data,
        space: denseSpace(50),
        strategy: random(),
        trials: 2,
        jobs: 1,
        testSize: 0.2,
        model: (params) => denseModel(data, params),
        fit: { epochs: 3, batchSize: 16 },
        validation: { folds: 2 },
      });
      const path = join(folder, `${name}.fettle`);
      await final.save(path);
      const here = final.predict(data);
      const proba = data.classes.length > 0 ? ["--proba"] : [];
      const { stdout, stderr } = await ownProcess(["predict", path, pathOf(name), ...proba]);
      expect(stderr).toBe("");
      const { columns, rows } = parseCsv(stdout);
      expect(rows.length).toBe(data.rows);
      const width = data.outputs;
      const written = rows.flatMap((cells) => cells.slice(cells.length - width).map(Number));
      expect(written).toEqual([...(here?.data ?? [])]);
      if (data.classes.length > 0) {
        expect(columns).toEqual([target, ...data.classes.map((word) => `${target}=${word}`)]);
        expect(rows.map(([word]) => word)).toEqual(final.classify(data));
      }
      // a predictor, without the trainer
      const predictor = await loadPredictor(readFileSync(path));
      expect(predictor.predict(data).data).toEqual(here?.data);
      const first = takeExamples(data, Int32Array.of(0));
      expect(predictor.predict(first).data).toEqual(here?.data.slice(0, width));
    },
  );
});

describe("fettle tune --out", () => {
  const tuned = (out: string, ...flags: readonly string[]): string[] => [
    ...["tune", pathOf("iris"), "--target", "species", "--epochs", "10", "--folds", "3", "--out", out],
    ...flags,
  ];
  const files = ["curves.csv", "model.fettle", "report.html", "study.json", "summary.json", "trials.csv"];
  const untimed = (path: string) =>
    JSON.parse(readFileSync(join(path, "study.json"), "utf8")).trials.map(
      ({ seconds, ...trial }: { seconds: number }) => trial,
    );
  const whole = join(folder, "whole");
  let first: Ended;
  beforeAll(async () => {
    first = await fettle(tuned(whole, "--trials", "12"));
  });

  it("writes model, study, trials and summary, and says how to predict", () => {
    expect(first.code).toBe(0);
    expect(readdirSync(whole).sort()).toEqual(files);
    expect(first.stdout).toContain(
      `Predict species of other rows: npx fettle predict ${join(whole, "model.fettle")} <data.csv>`,
    );
    const { columns, rows } = parseCsv(readFileSync(join(whole, "trials.csv"), "utf8"));
    expect(columns.slice(0, 5)).toEqual(["number", "status", "value", "std", "seconds"]);
    expect(rows.length).toBe(12);
    const summary = JSON.parse(readFileSync(join(whole, "summary.json"), "utf8"));
    expect(summary).toMatchObject({ status: "finished", trials: 12, seed: 0 });
    expect(
      Number(
        rows[
          summary.best
            ? untimed(whole).findIndex(({ value }: { value: number }) => value === summary.best.value)
            : 0
        ][2],
      ),
    ).toBe(summary.best.value);
  });

  it("never replaces a study unless told", async () => {
    const before = readFileSync(join(whole, "model.fettle"));
    const refused = await fettle(tuned(whole, "--trials", "2"));
    expect([refused.code, refused.stderr]).toEqual([
      2,
      `error: "${whole}" has model.fettle already; resume it with --resume ${whole}, replace it with --overwrite, or choose another folder\n`,
    ]);
    expect(readFileSync(join(whole, "model.fettle"))).toEqual(before);
    const other = join(folder, "replaced");
    for (const flags of [[], ["--overwrite"]])
      expect((await fettle(tuned(other, "--trials", "2", ...flags))).code).toBe(0);
  });

  it.each([
    ["SIGKILL", null],
    ["SIGINT", 130],
  ] as const)(
    "goes on after %s to the same bits, and takes more trials",
    { timeout: 240_000 },
    async (signal, code) => {
      const out = join(folder, `stopped by ${signal}`);
      const child = spawn(process.execPath, ["bin/fettle.js", ...tuned(out, "--trials", "12")]);
      const ended = new Promise((resolve) => {
        child.on("exit", (code) => resolve(code));
      });
      const study = join(out, "study.json");
      while (!existsSync(study)) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill(signal);
      expect(await ended).toBe(code);
      // one that was interrupted has the best of its trials, and they are recomputed
      const early = join(out, "model.fettle");
      if (existsSync(early)) expect((await fettle(["verify", early, pathOf("iris")])).code).toBe(0);
      const resumed = await fettle(["tune", "--resume", out]);
      expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
      expect(readdirSync(out).sort()).toEqual(files);
      expect(untimed(out)).toEqual(untimed(whole));
      expect(readFileSync(join(out, "model.fettle"))).toEqual(readFileSync(join(whole, "model.fettle")));
      expect((await fettle(["tune", "--resume", out, "--trials", "14"])).code).toBe(0);
      expect(untimed(out).slice(0, 12)).toEqual(untimed(whole));
      expect(untimed(out).length).toBe(14);
    },
  );

  it.each<[string, () => readonly string[], string]>([
    [
      "other flags",
      () => ["--resume", whole, "--folds", "2", "--seed", "1"],
      "--folds and --seed must be left out with --resume, which uses the flags that the study began with",
    ],
    [
      "a folder without a study",
      () => ["--resume", folder],
      `"${folder}" must be a folder that fettle tune --out wrote`,
    ],
    ["no table", () => [], "missing required argument 'data.csv'\nRun fettle tune --help for usage."],
    [
      "nothing to replace",
      () => [pathOf("iris"), "--target", "species", "--overwrite"],
      "--overwrite needs --out, the folder of the study to replace",
    ],
  ])("refuses %s", async (_, flags, message) => {
    const { code, stderr } = await fettle(["tune", ...flags()]);
    expect([code, stderr]).toEqual([2, `error: ${message}\n`]);
  });

  it("refuses to go on with a table that has changed", async () => {
    const changed = join(folder, "changed.csv");
    writeFileSync(changed, readFileSync(pathOf("iris"), "utf8").replace("5.1", "5.2"));
    const { code, stderr } = await fettle(["tune", changed, "--resume", whole]);
    expect([code, stderr]).toEqual([
      2,
      `error: "${changed}" must be the table that the study in "${whole}" began with; its cells have changed\n`,
    ]);
  });

  it("has a receipt from which the study is recomputed to the bit, and a changed cell is found", async () => {
    const model = join(whole, "model.fettle");
    const same = await fettle(["verify", model, pathOf("iris")]);
    expect(same.stdout).toMatch(
      /^kernels +same\ndata +same\nfolds +same\ntrials +same\nweights +same\nRecomputed in [\d.]+ s: every bit is the same\.\n$/,
    );
    expect(same.code).toBe(0);
    const changed = join(folder, "one-cell.csv");
    const lines = readFileSync(pathOf("iris"), "utf8").split("\n");
    const cells = lines[77].split(",");
    cells[2] = String(Number(cells[2]) + 0.1);
    lines[77] = cells.join(",");
    writeFileSync(changed, lines.join("\n"));
    const other = await fettle(["verify", model, changed]);
    expect(other.stdout).toBe(
      `kernels  same\ndata     other cells in "${lines[0].split(",")[2]}"\nThis is not the study of the model.\n`,
    );
    expect(other.code).toBe(1);
  });
});

describe("a study with files of its own", () => {
  it("goes on, and is verified, without them", async () => {
    const [space, schema, out] = ["space.json", "schema.json", "with files"].map((name) =>
      join(folder, name),
    );
    writeFileSync(space, '{ "units": { "type": "int", "low": 2, "high": 6 } }');
    writeFileSync(schema, (await fettle(["inspect", pathOf("iris"), "--json"])).stdout);
    const flags = [
      "--target",
      "species",
      "--epochs",
      "3",
      "--folds",
      "2",
      "--trials",
      "2",
      "--strategy",
      "random",
    ];
    const files = ["--space", space, "--schema", schema, "--out", out];
    expect((await fettle(["tune", pathOf("iris"), ...flags, ...files])).code).toBe(0);
    for (const path of [space, schema]) rmSync(path);
    const model = join(out, "model.fettle");
    expect(readFileSync(model, "latin1")).not.toContain(folder);
    expect((await fettle(["verify", model, pathOf("iris")])).code).toBe(0);
    expect((await fettle(["tune", "--resume", out, "--trials", "3"])).code).toBe(0);
    expect((await fettle(["verify", model, pathOf("iris")])).code).toBe(0);
  });
});

describe("a saved model on the command line", () => {
  const model = join(folder, "fit.fettle");
  let fit: Ended;
  beforeAll(async () => {
    const words = ["fit", pathOf("diabetes"), "--target", "progression", "--set", "units=8", "--out", model];
    fit = await fettle(words);
  });

  it("is trained by fit, with its parameters", async () => {
    expect([fit.code, fit.stderr]).toEqual([0, ""]);
    expect(fit.stdout).toMatch(/Scores on 89 held-out rows\n[\s\S]+\nWritten: .*fit\.fettle\n/);
    expect((await loadPredictor(readFileSync(model))).targets).toEqual(["progression"]);
  });

  it("is beside a linear model and a constant on the rows that fit held out, as the models of tune are", async () => {
    expect(fit.stdout).toMatch(/ +this model +95 % interval +linear +constant\n/);
    expect(fit.stdout.replaceAll(/\s+/g, " ")).toMatch(
      /\(95 % interval of the lead: \S+ to \S+(, decided by \d+ of 89 rows)?\)\. (A few rows decide these intervals, .+\. )?Written:/,
    );
    const flags = [
      "--target",
      "progression",
      "--epochs",
      "2",
      "--out",
      join(folder, "other.fettle"),
      "--json",
    ];
    const { test, baselines } = JSON.parse((await fettle(["fit", pathOf("diabetes"), ...flags])).stdout);
    expect([baselines.rows, baselines.metric, baselines.verdict]).toEqual([89, "r2", "linear"]);
    expect(baselines.scores.r2.final).toBe(test.r2);
    const none = JSON.parse((await fettle(["fit", pathOf("diabetes"), ...flags, "--test-size", "0"])).stdout);
    expect(Object.keys(none)).toEqual(["model", "metric", "validation", "test", "params"]);
  });

  it("draws its curves, in the terminal and in a report", async () => {
    const page = join(folder, "fit.html");
    const words = ["fit", pathOf("diabetes"), "--target", "progression", "--epochs", "5", "--set", "units=8"];
    const out = ["--out", join(folder, "drawn.fettle"), "--report", page, "--plot"];
    const { code, stdout } = await fettle([...words, ...out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nloss by epoch\n[\s\S]+ epoch +5\nline: training; o: validation; #: best epoch\./,
    );
    const said = stdout.replaceAll(/\s+/g, " ");
    // 442 rows: 89 are held out, and of 353 a fifth validates
    expect(said).toContain(
      "Curves of a training on 282 rows, validated on 71; the written model learnt from all 353.",
    );
    expect(said).toMatch(
      /valLoss is best after epoch \d of 5: [\d.]+; loss ended at [\d.]+, valLoss at [\d.]+\./,
    );
    const html = readFileSync(page, "utf8");
    const [described] = /valLoss is best after epoch[^<]+/.exec(html) ?? [];
    expect(described && said).toContain(described);
    expect(html).toContain("npx fettle fit diabetes.csv --task auto");
    expect(html).toContain("--set units=8");
    expect(html.match(/ id="p-(training|curves)-[a-z]+"/g)).toEqual([' id="p-training-loss"']);
    // its errors are of the rows that were held out
    const [, error] = / meanAbsoluteError +([\d.]+) /.exec(stdout) ?? [];
    expect(html).toContain(`of all rows, the dashed line, it is ${error}.`);
  });

  it("is not trained if its report cannot be written", async () => {
    const out = join(folder, "never.fettle");
    const words = ["fit", pathOf("diabetes"), "--target", "progression", "--out", out];
    const refused = await fettle([...words, "--report", `${folder}/`]);
    expect([refused.code, existsSync(out)]).toEqual([2, false]);
    expect(refused.stderr).toContain("it names a folder; add the name of a file");
    const one = await fettle([...words, "--report", out]);
    expect([one.code, existsSync(out)]).toEqual([2, false]);
    expect(one.stderr).toContain("--report and --out must name two files; received one");
    expect((await fettle([...words, "--plot", "--json"])).code).toBe(2);
  });

  it("scores a table", async () => {
    const { code, stdout } = await fettle(["evaluate", model, pathOf("diabetes"), "--json"]);
    expect(code).toBe(0);
    const { rows, scores } = JSON.parse(stdout);
    expect([rows, Object.keys(scores)]).toEqual([
      442,
      ["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"],
    ]);
    expect(scores.rootMeanSquaredError ** 2 / scores.meanSquaredError).toBeCloseTo(1, 12);
    expect(scores.r2).toBeGreaterThan(0.3);
  });

  it("is shown", async () => {
    const { stdout } = await fettle(["inspect", model]);
    expect(stdout).toContain("fit.fettle: regression of progression from 10 inputs, 20 features");
    expect(stdout).toContain("units");
    expect(JSON.parse((await fettle(["inspect", model, "--json"])).stdout)).toMatchObject({
      target: "progression",
      task: "regression",
    });
  });

  it("predicts rows of standard input as they come", async () => {
    const [header, ...lines] = readFileSync(pathOf("diabetes"), "utf8").trim().split(/\r?\n/);
    const child = spawn(process.execPath, ["bin/fettle.js", "predict", model, "-"]);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => (await answers.next()).value;
    child.stdin.write(`${header}\n${lines[0]}\n${lines[1].slice(0, 9)}`);
    expect(await next()).toBe("progression");
    // before the next line is there
    const first = await next();
    child.stdin.end(`${lines[1].slice(9)}\n`);
    const whole = parseCsv((await fettle(["predict", model, pathOf("diabetes")])).stdout).rows;
    expect([first, await next(), await next()]).toEqual([...whole[0], ...whole[1], undefined]);
  });

  it("predicts rows from standard input, JSON and a file, in order, with columns that are kept", async () => {
    const text = readFileSync(pathOf("diabetes"), "utf8");
    const { columns, rows } = parseCsv(text);
    const reversed = [...columns].reverse();
    const records = rows.slice(0, 1500).map((cells, i) => ({
      id: `row "${i}"`,
      ...Object.fromEntries(columns.map((name, j) => [name, Number(cells[j])])),
    }));
    const csv = [
      ["note", ...reversed].join(";"),
      ...rows.map((cells, i) => [`"n;${i}"`, ...[...cells].reverse()].join(";")),
    ].join("\n");
    const plain = await fettle(["predict", model, pathOf("diabetes")]);
    const values = parseCsv(plain.stdout).rows.map(([value]) => value);
    expect(values.length).toBe(rows.length);
    const piped = await ownProcess(["predict", model, "-", "--keep", "note"], root, { stdin: csv });
    expect(parseCsv(piped.stdout).rows).toEqual(values.map((value, i) => [`n;${i}`, value]));
    const json = await ownProcess(["predict", model, "-", "--keep", "id"], root, {
      stdin: JSON.stringify(records),
    });
    expect(parseCsv(json.stdout).rows).toEqual(values.map((value, i) => [`row "${i}"`, value]));
    const out = join(folder, "predictions.csv");
    const kept = await fettle(["predict", model, pathOf("diabetes"), "--keep", "progression", "--out", out]);
    expect([kept.code, kept.stdout]).toEqual([0, ""]);
    const file = parseCsv(readFileSync(out, "utf8"));
    expect(file.columns).toEqual(["progression", "progression (predicted)"]);
    expect(file.rows.map(([, value]) => value)).toEqual(values);
  });

  it.each<[string, () => readonly string[], string]>([
    [
      "a cell of another kind, with its line",
      () => ["predict", model, "-"],
      'error: standard input: line 3, column "bmi": every cell must be a number; received "heavy"',
    ],
    [
      "a column that is missing",
      () => ["predict", model, pathOf("iris")],
      `"${pathOf("iris")}" must have the columns of the model; missing: "age"`,
    ],
    [
      "a model that is none",
      () => ["predict", pathOf("iris"), pathOf("iris")],
      `"${pathOf("iris")}": this is not a model file of Fettle: its`,
    ],
    [
      "a model that is not there",
      () => ["predict", "none.fettle", "-"],
      'cannot read "none.fettle": there is no such file',
    ],
    [
      "probabilities of quantities",
      () => ["predict", model, "-", "--proba"],
      "--proba needs a classification model",
    ],
    [
      "a target that is missing",
      () => ["evaluate", model, "-"],
      'standard input: the column "progression" must be present, to score against',
    ],
    [
      "a model without a receipt",
      () => ["verify", model, pathOf("diabetes")],
      "must have a receipt, as fettle tune --out writes it",
    ],
    ["a model without its table", () => ["verify", model], "name the table too: npx fettle verify "],
  ])("refuses %s", async (name, args, message) => {
    const lines = readFileSync(pathOf("diabetes"), "utf8").split("\n");
    const bmi = lines[0].split(",").indexOf("bmi");
    const heavy = lines[2]
      .split(",")
      .map((cell, j) => (j === bmi ? "heavy" : cell))
      .join(",");
    const bare = lines.slice(0, 5).map((line) => line.split(",").slice(0, -1).join(","));
    const input = name.startsWith("a target") ? bare.join("\n") : [lines[0], lines[1], heavy].join("\n");
    const out = join(folder, "refused.csv");
    const isPredict = args()[0] === "predict";
    const words = [...args(), ...(isPredict ? ["--out", out] : [])];
    // only what reads its standard input needs a process of its own
    const { code, stderr } = await (words.includes("-")
      ? ownProcess(words, root, { stdin: input })
      : fettle(words));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(message);
    expect([existsSync(out), existsSync(`${out}.part`)]).toEqual([false, false]);
  });
});
