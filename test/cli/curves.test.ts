/** The curves that `fettle tune` writes: those of study.json, a line for each epoch of each fold. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { curvesCsv } from "../../src/cli/curvesCsv.js";
import { parseCsv } from "../../src/data/csv.js";
import { Curves } from "../../src/search/trial/curves.js";
import { readCurves } from "../../src/search/trial/savedCurves.js";
import { fettle, folder } from "./fettle.js";

describe("curves as CSV", () => {
  it("have a line for each epoch, and an empty cell where a trial has no such curve", () => {
    const trials = [
      { number: 0, curves: new Curves({ loss: [[0.1, 1e-9], [Number.NaN]] }) },
      { number: 1 },
      { number: 4, curves: new Curves({ loss: [[], [2]], valLoss: [[], [Number.POSITIVE_INFINITY]] }) },
    ];
    expect([...curvesCsv(trials)].join("")).toBe(
      "trial,fold,epoch,loss,valLoss\n" + "0,0,0,0.1,\n0,0,1,1e-9,\n0,1,0,NaN,\n" + "4,1,0,2,Infinity\n",
    );
  });

  it("are nothing without curves", () => {
    expect([...curvesCsv([{ number: 0 }])]).toEqual([]);
  });

  it("are the same float32 when they are read", () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) =>
      Math.fround(Math.sin(i) * 10 ** ((i % 70) - 35)),
    );
    const lines = [...curvesCsv([{ number: 0, curves: new Curves({ loss: [values] }) }])]
      .join("")
      .split("\n");
    expect(lines.slice(1, -1).map((line) => Math.fround(Number(line.split(",")[3])))).toEqual([...values]);
  });
});

describe("fettle tune --curves", () => {
  const out = folder();
  const tuned = (...flags: string[]) =>
    fettle([
      ...["tune", "examples/data/iris.csv", "--target", "species", "--trials", "3", "--epochs", "4"],
      ...["--folds", "3", "--strategy", "random", "--out", join(out, "study"), ...flags],
    ]);
  const read = (file: string) => readFileSync(join(out, "study", file), "utf8");

  it("validation writes loss and metrics of each epoch, as study.json has them", async () => {
    expect((await tuned("--curves", "validation", "--metric", "logLoss")).code).toBe(0);
    const { columns, rows } = parseCsv(read("curves.csv"));
    expect(columns).toEqual(["trial", "fold", "epoch", "loss", "valLoss", "valLogLoss"]);
    const expected: (readonly number[])[] = [];
    for (const { number, curves } of JSON.parse(read("study.json")).trials) {
      const { loss, valLoss, valLogLoss } = readCurves(curves).history;
      for (let fold = 0; fold < 3; fold++)
        for (let epoch = 0; epoch < 4; epoch++)
          expected.push([
            number,
            fold,
            epoch,
            loss[fold][epoch],
            valLoss[fold][epoch],
            valLogLoss[fold][epoch],
          ]);
    }
    expect(
      rows.map((cells) => cells.map((cell, j) => (j < 3 ? Number(cell) : Math.fround(Number(cell))))),
    ).toEqual(expected);
    expect(expected.length).toBe(3 * 3 * 4);
  });

  it("none keeps nothing, nor what an earlier study left", async () => {
    const { code, stdout } = await tuned("--curves", "none", "--overwrite");
    expect(code).toBe(0);
    expect(existsSync(join(out, "study", "curves.csv"))).toBe(false);
    expect(stdout).not.toContain("curves.csv");
    expect(read("study.json")).not.toContain('"curves"');
  });

  it("anything else is refused", async () => {
    const { code, stderr } = await tuned("--curves", "all", "--overwrite");
    expect([code, stderr.split("\n")[0]]).toEqual([
      2,
      "error: option '--curves <kind>' argument 'all' is invalid. Allowed choices are training, validation, none.",
    ]);
  });
});
