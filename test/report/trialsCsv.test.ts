/** Trials as CSV: what a study holds is in the file, and read again as it was. */
import { expect, it } from "vitest";
import { parseCsv } from "../../src/data/csv.js";
import { csvCell, trialsCsv } from "../../src/report/trialsCsv.js";
import { choice, float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";

it("has each of several objectives, and nothing where a trial has none", async () => {
  const study = createStudy({
    space: { x: float(0, 1) },
    strategy: random(),
    direction: ["minimize", "maximize"],
  });
  study.add({ x: 0.25 }, { values: [1, 2.5] });
  study.add({ x: 0.5 }, { status: "failed" });
  expect(trialsCsv(study.trials)).toBe(
    "number,status,value 1,value 2,std,seconds,x\n0,complete,1,2.5,,,0.25\n1,failed,,,,,0.5\n",
  );
});

it("tells parameters from the other columns of a trial", async () => {
  const space = { value: choice([3]), number: choice([4]), rate: choice([5]) };
  const study = createStudy({ space, strategy: random(), direction: "minimize" });
  study.add({ value: 3, number: 4, rate: 5 }, { value: 1 });
  expect(trialsCsv(study.trials)).toBe(
    "number,status,value,std,seconds,params.value,params.number,rate\n0,complete,1,,,3,4,5\n",
  );
});

it("writes a date as other tables do, and other objects as JSON", () => {
  expect(csvCell(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
  const cells = [new Date(Number.NaN), [1, "a"], null, ' "'].map(csvCell);
  expect(parseCsv(`a,b,c,d\n${cells.join(",")}\n`).rows).toEqual([["null", '[1,"a"]', "", ' "']]);
});
