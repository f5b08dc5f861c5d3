/**
 * Studies to Optuna and back. Optuna's own code is the oracle where Debian's python3-optuna is installed
 * (`.ci/run` installs it); what comes back here, and what is refused, needs no Python.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import {
  choice,
  createStudy,
  float,
  gp,
  int,
  nsga2,
  random,
  restoreStudy,
  type StudyJson,
  tpe,
} from "fettle";
import { memoryStorage, type StoredStudy } from "fettle/store";
import { exportToOptuna, importFromOptuna } from "fettle/store/sqlite";
import { anyStudy } from "fettle/testing";
import Database from "libsql";
import { afterAll, describe, expect, it } from "vitest";
import { readStudy } from "../../src/store/optuna/read.js";
import { studyOf } from "../../src/store/optuna/study.js";
import { writeStudy } from "../../src/store/optuna/write.js";
import { openDatabase } from "../../src/store/sqlite/sqlite.js";
import { marked } from "../../src/testing/storageStudies.js";
import { cases } from "../cases.js";
import { refusal } from "../tune/support.js";
import { PYTHON, pythonHas } from "./python.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-optuna-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

interface Seen {
  readonly directions: readonly string[];
  readonly best: readonly number[];
  readonly rows: number;
  readonly trials: readonly {
    readonly number: number;
    readonly state: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly values: readonly unknown[] | null;
    readonly reports: Readonly<Record<string, unknown>>;
    readonly user: Readonly<Record<string, unknown>>;
    readonly constraints: readonly number[] | null;
    readonly seconds: number | null;
  }[];
}

const script = fileURLToPath(new URL("look_with_optuna.py", import.meta.url));
const withOptuna = (...words: readonly string[]): Seen =>
  JSON.parse(execFileSync(PYTHON, [script, ...words], { encoding: "utf8" })) as Seen;

const STATES: Readonly<Record<string, string>> = {
  complete: "COMPLETE",
  pruned: "PRUNED",
  failed: "FAIL",
  diverged: "FAIL",
  running: "RUNNING",
};

/** A study with a trial of each kind. */
async function manyKinds(): Promise<StoredStudy> {
  const study = createStudy({
    space: {
      kind: choice(["a", "b", null, 3, [64, 32]]),
      x: float(-5, 5),
      rate: float(1e-4, 1, { log: true }),
      n: int(1, 64, { log: true }),
      s: float(0, 1, { step: 0.3 }),
      t: int(-3, 20, { step: 4 }),
      m: float(0, 1, { when: { kind: ["a", null] } }),
    },
    strategy: random(),
    direction: "maximize",
    seed: 5,
  });
  const kept = await memoryStorage().create("名前 'é\"", study.toJSON());
  for (let number = 0; number < 20; number++) {
    const { params } = study.ask()!;
    await kept.add({ number, params });
    await kept.report(number, { step: 0, value: params.x });
    await kept.report(number, { step: 7, value: null });
    if (number === 19) break;
    const value = -(params.x ** 2);
    const outcomes = [
      {
        value,
        constraints: [value + 3, Number.POSITIVE_INFINITY],
        attributes: { 説明: { deep: [1, null] } },
      },
      { value: Number.NaN },
      { status: "failed", error: "no luck" } as const,
      { value, status: "pruned", curve: [value] } as const,
      { value, seconds: 1.5, std: 0.25, steps: 8, scores: [value, value + 1] },
      { value, constraints: [-1] },
    ];
    await kept.tell(study.tell(number, outcomes[number % outcomes.length]));
  }
  return kept;
}

describe.runIf(pythonHas("optuna"))("Optuna's own code", () => {
  it("opens an exported study, goes on with it, and its trials come back", { timeout: 120_000 }, async () => {
    const kept = await manyKinds();
    const trials = await kept.trials();
    const notes = await exportToOptuna(kept, at("out.db"), { as: "außen" });
    expect(notes).toEqual([expect.stringContaining("Optuna has no conditions")]);
    const seen = withOptuna("show", at("out.db"), "außen");
    expect([seen.directions, seen.rows]).toEqual([["MAXIMIZE"], 20]);
    const ours = restoreStudy({ ...kept.definition, trials }, { strategy: random() });
    expect(seen.best).toEqual([ours.best.number]);
    for (const trial of trials) {
      const theirs = seen.trials[trial.number];
      expect(theirs.params).toEqual(trial.params);
      expect(theirs.state).toBe(STATES[trial.status]);
      const finished = trial.status === "running" ? undefined : trial;
      expect(theirs.values).toEqual(finished?.value == null ? null : [finished.value]);
      expect(theirs.user).toEqual(finished?.attributes ?? {});
      expect(theirs.seconds).toBe(finished?.seconds ?? null);
      expect(theirs.reports).toEqual({ 0: trial.params.x, 7: "nan" });
    }
    expect(seen.trials[5].constraints).toEqual([-1]);
    const more = withOptuna("more", at("out.db"), "außen", "5");
    expect(more.trials).toHaveLength(25);
    const storage = memoryStorage();
    const back = await importFromOptuna(at("out.db"), "außen", storage, { strategy: tpe() });
    const all = await back.study.trials();
    expect(back.notes).toEqual([]);
    expect(all.slice(0, 20)).toEqual(trials);
    // Optuna's 0.8999999999999999 is the 0.9 of the space
    const stepped = more.trials
      .slice(20)
      .map(({ params }) => ({ ...params, s: Number((params.s as number).toFixed(1)) }));
    expect(all.slice(20).map(({ params }) => params)).toEqual(stepped);
    expect(all[24]).toMatchObject({ status: "complete", value: more.trials[24].values?.[0], given: true });
    expect(all[24]).toMatchObject({ seconds: expect.closeTo(more.trials[24].seconds as number, 2) });
    expect(await back.study.reports(3)).toEqual(await kept.reports(3));
    const study = restoreStudy({ ...back.study.definition, trials: all }, { strategy: tpe() });
    expect(study.best.number).toBe(more.best[0]);
    expect(study.ask()?.number).toBe(19); // it was running
    study.tell(19, { value: -1 });
    expect(study.ask()).toMatchObject({ number: 25, params: { x: expect.any(Number) } });
  });

  it("opens a study of several objectives with the same Pareto front", { timeout: 60_000 }, async () => {
    const study = createStudy({
      space: { x: float(0, 1), n: int(0, 9) },
      strategy: nsga2({ populationSize: 8 }),
      direction: ["minimize", "maximize"],
    });
    await study.optimize(({ x, n }) => [x + n, x - n * n], { trials: 24 });
    const kept = await memoryStorage().create("two", study.toJSON());
    await exportToOptuna(kept, at("two.db"));
    const seen = withOptuna("show", at("two.db"), "two");
    expect(seen.directions).toEqual(["MINIMIZE", "MAXIMIZE"]);
    expect(seen.best).toEqual(study.bestTrials.map(({ number }) => number));
  });

  it("makes studies that go on here", { timeout: 120_000 }, async () => {
    const theirs = withOptuna("make", at("theirs.db"));
    const storage = memoryStorage();
    const { study, notes } = await importFromOptuna(at("theirs.db"), "mine", storage, { as: "ours" });
    const { space, strategy } = study.definition;
    expect(space).toMatchObject({
      kind_of_model: { type: "choice", values: ["tree", "net", null, true, 1.5] },
      rate_e: { type: "float", low: 1e-4, high: 1, log: true },
      width: { type: "float", low: 0, high: 36, step: 0.1 },
      units1: { when: { layers: { low: 2 } } },
      units3: { when: { layers: { low: 4 } } },
      dropout: { when: { kind_of_model: ["net"] } },
    });
    expect(strategy.name).toBe("gp");
    expect(notes.join("\n")).toContain('parameter "rate/é" is called "rate_e" here');
    // 30 failed before it had all parameters, 31 was running then, and 36 waits with one
    const trials = await study.trials();
    const left = theirs.trials.filter(({ number }) => ![30, 31, 36].includes(number));
    expect(trials).toHaveLength(left.length);
    for (const [i, trial] of trials.entries()) {
      const { params, state, values } = left[i];
      if (state === "WAITING") continue;
      expect(Object.values(trial.params)).toHaveLength(Object.keys(params).length);
      expect(trial.params.rate_e).toBe(params["rate/é"]);
      const isInfinite = state === "COMPLETE" && values?.[0] === "inf";
      expect(isInfinite ? "FAIL" : STATES[trial.status]).toBe(isInfinite ? STATES[trial.status] : state);
    }
    const ours = restoreStudy({ ...study.definition, trials }, { strategy: gp() });
    expect(ours.best.params).toEqual(trials.at(-1)?.params); // which waits, with the parameters of the best
    expect(ours.ask()?.number).toBe(trials.length - 1);
  });
});

describe("a study that went to a file of Optuna and came back", () => {
  it("is what it was, but for curves", async () => {
    await fc.assert(
      fc.asyncProperty(anyStudy(), async (study) => {
        const json = marked(study);
        const kept = await memoryStorage().create("any", json, { mine: [1] });
        const database = await openDatabase(":memory:", {
          synchronous: "normal",
          timeout: 100,
          readOnly: false,
        });
        try {
          await writeStudy(database, kept, "any");
          const back = await studyOf(await readStudy(database, "any"), {});
          expect(plain(back.study)).toEqual(plain(json));
          expect(back.settings).toMatchObject({ mine: [1] });
          expect(back.notes).toEqual([]);
          // and once more, beside the first
          const again = await memoryStorage().create("again", back.study, back.settings);
          await writeStudy(database, again, "again");
          expect(plain((await studyOf(await readStudy(database, "again"), {})).study)).toEqual(plain(json));
        } finally {
          database.close();
        }
      }),
      { numRuns: cases(60) },
    );
  });

  it("has its 10,000 trials", { timeout: 60_000 }, async () => {
    const study = createStudy({
      space: { x: float(0, 1), n: int(0, 9) },
      strategy: random(),
      direction: "minimize",
    });
    for (let i = 0; i < 10_000; i++) {
      const { number, params } = study.ask()!;
      study.tell(number, { value: params.x + params.n });
    }
    const kept = await memoryStorage().create("large", study.toJSON());
    await exportToOptuna(kept, at("large.db"));
    const back = await importFromOptuna(at("large.db"), "large", memoryStorage());
    expect(await back.study.trials()).toEqual(await kept.trials());
  });
});

describe("a file that Optuna did not write", () => {
  const study = createStudy({
    space: { c: choice(["a", "b"]), x: float(0, 1), n: int(1, 9), y: float(0, 1, { when: { c: ["a"] } }) },
    strategy: random(),
    direction: "minimize",
  });
  const made = (async () => {
    await study.optimize(({ x }) => x, { trials: 6 });
    const kept = await memoryStorage().create("s", study.toJSON());
    await kept.report(0, { step: 1, value: 0.5 });
    await exportToOptuna(kept, at("good.db"));
    return readFileSync(at("good.db"));
  })();
  let files = 0;
  const changed = async (sql: string): Promise<string> => {
    const path = at(`changed-${files++}.db`);
    writeFileSync(path, await made);
    const database = new Database(path);
    database.exec(sql);
    database.close();
    return path;
  };

  it.each([
    ["UPDATE trials SET state = 'EVIL'", "the state of trial 0 of Optuna must be one of"],
    ["UPDATE trials SET number = 3", "the numbers of trials of Optuna must be different"],
    [
      "UPDATE trials SET number = -1 WHERE trial_id = 1",
      "the number of a trial of Optuna must be an integer of at least 0",
    ],
    ["UPDATE trial_values SET value = NULL", "the values of trial 0 of Optuna must be numbers"],
    ["UPDATE trial_values SET value = 'x'", "the values of trial 0 of Optuna must be numbers"],
    ["UPDATE trial_values SET objective = 5", "the values of trial 0 of Optuna must be numbers"],
    ["UPDATE trial_values SET value_type = 'NAN'", "the values of trial 0 of Optuna must be numbers"],
    ["DELETE FROM trial_values WHERE trial_id = 1", "trial 0 of Optuna must have 1 values; received []"],
    ["UPDATE trial_intermediate_values SET step = -1", "the intermediate values of trial 0"],
    ["UPDATE trial_params SET param_value = 1e308", "no complete trial of Optuna is a point of the space"],
    [
      "UPDATE trial_params SET param_name = CAST(X'ff' AS TEXT) WHERE trial_id = 1 AND param_name = 'x'",
      "the name of a parameter of Optuna must be a text",
    ],
    ["UPDATE study_directions SET direction = 'NOT_SET'", "the directions of a study of Optuna must be"],
    ["DELETE FROM study_directions", "the directions of a study of Optuna must be"],
    [
      "UPDATE trial_system_attributes SET value_json = '{'",
      'the attribute "fettle:outcome" of Optuna must be JSON',
    ],
    [
      `UPDATE trial_system_attributes SET value_json = '${"[".repeat(200)}${"]".repeat(200)}'`,
      'the attribute "fettle:outcome" of Optuna must be JSON',
    ],
    [`UPDATE trial_system_attributes SET value_json = '{"std":"wide"}'`, "std of trial 0 must be a number"],
    [`UPDATE trial_system_attributes SET value_json = '{"evil":1}'`, 'received "evil"'],
    ["UPDATE alembic_version SET version_num = 'v2.6.0.a'", "run optuna storage upgrade"],
    ["DELETE FROM alembic_version", "run optuna storage upgrade"],
    ["DROP TABLE trial_params", 'of another program, such as "studies"'],
    [
      "ALTER TABLE trials RENAME TO t2; CREATE VIEW trials AS SELECT * FROM t2",
      'must contain only tables, as Optuna creates it; received the view "trials"',
    ],
    [
      "DELETE FROM study_system_attributes; UPDATE trial_params SET distribution_json = '{}'",
      'the distribution of "c" must be a float, an int or a choice of Optuna',
    ],
    [
      `DELETE FROM study_system_attributes; UPDATE trial_params SET distribution_json =
         '{"name":"FloatDistribution","attributes":{"low":2,"high":1,"log":false,"step":null}}'`,
      'parameter "c" of Optuna: low must be at most high, which is 1; received 2',
    ],
    [
      `DELETE FROM study_system_attributes; UPDATE trial_params SET distribution_json =
         '{"name":"IntDistribution","attributes":{"low":1,"high":9,"log":false,"step":1}}' WHERE trial_id = 2 AND param_name = 'x'`,
      'parameter "x" of Optuna must have one kind in all trials',
    ],
    ["ALTER TABLE trial_values DROP COLUMN value_type", "Optuna does not create tables like those of"],
    ["UPDATE trial_params SET param_value = CAST(X'ff' AS TEXT)", "no complete trial of Optuna is a point"],
    ["UPDATE trials SET number = 9223372036854775807 WHERE trial_id = 3", "the number of a trial of Optuna"],
    ["UPDATE studies SET study_name = 'other'", 'there is no study "s" in'],
  ])("is refused: %s", async (sql, message) => {
    const storage = memoryStorage();
    expect(await refusal(async () => importFromOptuna(await changed(sql), "s", storage))).toContain(message);
    expect(await storage.studies()).toEqual([]);
  });

  it.each([
    ["2024-02-28 23:59:59.250000", "2024-02-29 00:00:01.000000", 1.75],
    ["2024-03-01 00:00:00", "2024-03-02 01:00:00", 90_000],
    ["2024-03-01 00:00:00", "2024-02-01 00:00:00", null],
    ["2024-03-01 00:00:00", null, null],
    [null, null, null],
  ])("has trials from %s to %s, which took %s seconds", async (start, end, seconds) => {
    const [from, to] = [start, end].map((time) => (time === null ? "NULL" : `'${time}'`));
    const path = await changed(
      `DELETE FROM trial_system_attributes; UPDATE trials SET datetime_start = ${from}, datetime_complete = ${to}`,
    );
    const { study: read } = await importFromOptuna(path, "s", memoryStorage());
    const trials = await read.trials();
    expect(trials).toMatchObject(trials.map(() => ({ seconds })));
    expect(trials).toHaveLength(6);
  });

  it("or that was damaged anywhere, is refused or read, and never breaks", async () => {
    const bytes = await made;
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 64 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const path = at("bytes.db");
        const other = Uint8Array.from(bytes);
        for (const [place, patch] of changes) other.set(patch.subarray(0, bytes.length - place), place);
        writeFileSync(path, other);
        const result = await importFromOptuna(path, "s", memoryStorage()).catch((error: unknown) => error);
        if (result instanceof Error)
          expect([result.name, result.message.length < 3000]).toEqual(["FettleError", true]);
      }),
      { numRuns: cases(60) },
    );
  });

  it("is said where it does not exist, and not made", async () => {
    expect(await refusal(() => importFromOptuna(at("none.db"), "s", memoryStorage()))).toContain(
      "there is no file",
    );
    expect(existsSync(at("none.db"))).toBe(false);
  });

  it("of another program, or with a study of the name, is not written to", async () => {
    const kept = await memoryStorage().create("s", study.toJSON());
    await made;
    const before = readFileSync(at("good.db"));
    expect(await refusal(() => exportToOptuna(kept, at("good.db")))).toContain('already has a study "s"');
    expect(readFileSync(at("good.db")).equals(before)).toBe(true);
    const database = new Database(at("songs.db"));
    database.exec("CREATE TABLE songs (title TEXT)");
    database.close();
    expect(await refusal(() => exportToOptuna(kept, at("songs.db")))).toContain(
      'of another program, such as "songs"',
    );
  });
});

/** As JSON, without curves, which Optuna has no place for. */
function plain({ trials, ...definition }: StudyJson): unknown {
  const rest = trials.map((trial) => ("curves" in trial ? { ...trial, curves: undefined } : trial));
  return JSON.parse(JSON.stringify({ ...definition, trials: rest }));
}
