/**
 * The order of what is read from a database of Optuna: parameters as they were suggested, trials, objectives
 * and steps by their numbers, attributes by their keys, whichever rows were written first.
 */
import { choice, createStudy, float, int, random, type Space } from "fettle";
import { memoryStorage } from "fettle/store";
import { describe, expect, it } from "vitest";
import { type OptunaStudy, readStudy } from "../../src/store/optuna/read.js";
import { studyOf } from "../../src/store/optuna/study.js";
import { writeStudy } from "../../src/store/optuna/write.js";
import type { SqlDatabase, Statement } from "../../src/store/sql/database.js";
import { openDatabase } from "../../src/store/sqlite/sqlite.js";

// neither in alphabetical order nor in its reverse
const space = {
  model: choice(["net", "tree"]),
  width: int(1, 64),
  epochs: int(1, 9),
  rate: float(0, 1),
  depth: int(1, 5, { when: { model: ["tree"] } }),
  beta: float(0, 1, { when: { model: ["net"] } }),
} satisfies Space;
const DIRECTIONS = ["minimize", "maximize", "maximize"] as const;

/** A database with a study of one objective and one of three. */
async function stored(): Promise<SqlDatabase> {
  const database = await openDatabase(":memory:", { synchronous: "normal", timeout: 100, readOnly: false });
  for (const [k, name] of ["one", "three"].entries()) {
    const direction = k === 0 ? "minimize" : DIRECTIONS;
    const study = createStudy({ space, strategy: random(), direction, seed: k });
    const origin = { attributes: { zeta: 1, alpha: [2], Mid: null } };
    const kept = await memoryStorage().create(name, study.toJSON(), { optuna: origin });
    for (let number = 0; number < 12; number++) {
      const { params } = study.ask()!;
      await kept.add({ number, params });
      for (const step of [10, 2, 0, 33]) await kept.report(number, { step, value: number - step });
      const values = DIRECTIONS.map((_, i) => (number * 7 + i * 5) % 11);
      const attributes = { zeta: number, alpha: "a", Mid: { b: 1, a: 2 } };
      await kept.tell(study.tell(number, { ...(k === 0 ? { value: values[0] } : { values }), attributes }));
    }
    await writeStudy(database, kept, name);
  }
  return database;
}

/** All that is read, in its order. */
const written = (study: OptunaStudy): string =>
  JSON.stringify(study, (_, value) => (value instanceof Map ? [...value] : value));

describe.each(["one", "three"])("a study of %s", (name) => {
  it("has parameters as they were suggested, in its inferred space and in its trials", async () => {
    const { system: _, ...theirs } = await readStudy(await stored(), name);
    const { study } = await studyOf({ ...theirs, system: {} }, {});
    const order = Object.keys(space);
    // the two that depend on the first, as trials first had them
    const branches = study.trials[0].params.model === "tree" ? ["depth", "beta"] : ["beta", "depth"];
    expect(Object.keys(study.space)).toEqual([...order.slice(0, 4), ...branches]);
    for (const { params } of study.trials)
      expect(Object.keys(params)).toEqual(order.filter((each) => Object.hasOwn(params, each)));
  });

  it.each([
    ["study_directions", "study_direction_id"],
    ["study_user_attributes", "study_user_attribute_id"],
    ["study_system_attributes", "study_system_attribute_id"],
    ["trial_user_attributes", "trial_user_attribute_id"],
    ["trial_system_attributes", "trial_system_attribute_id"],
    ["trial_values", "trial_value_id"],
    ["trial_intermediate_values", "trial_intermediate_value_id"],
  ])("is the same with the rows of %s in reverse", async (table, id) => {
    const database = await stored();
    const before = written(await readStudy(database, name));
    await database.run([[`UPDATE ${table} SET ${id} = -${id}`]]);
    expect(written(await readStudy(database, name))).toBe(before);
  });

  it("is the same with its trials in reverse", async () => {
    const database = await stored();
    const before = await readStudy(database, name);
    expect(before.trials.map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    const parts = ["params", "values", "intermediate_values", "user_attributes", "system_attributes"];
    await database.run([
      ["PRAGMA defer_foreign_keys = ON"],
      ...["trials", ...parts.map((part) => `trial_${part}`)].map(
        (table): Statement => [`UPDATE ${table} SET trial_id = -trial_id`],
      ),
    ]);
    expect(written(await readStudy(database, name))).toBe(written(before));
  });

  it("has parameters in reverse, if they were suggested so", async () => {
    const database = await stored();
    const namesOf = ({ trials }: OptunaStudy) => trials.map(({ params }) => [...params.keys()]);
    const before = namesOf(await readStudy(database, name));
    await database.run([["UPDATE trial_params SET param_id = -param_id"]]);
    expect(namesOf(await readStudy(database, name))).toEqual(before.map((names) => names.toReversed()));
  });
});
