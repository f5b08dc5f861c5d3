/** The curves of trials as a page is sent them, of every source, and which of them it draws first. */
import fc from "fast-check";
import { createStudy, float, random, tune } from "fettle";
import { memoryStorage, recordStudy } from "fettle/store";
import { describe, expect, it } from "vitest";
import { hostSource } from "../../src/dashboard/hostSource.js";
import { linesOf, ReportedLines } from "../../src/dashboard/lines.js";
import { runSource } from "../../src/dashboard/runSource.js";
import { kindsOf, lineIn } from "../../src/dashboard/state/curves.js";
import { storageSource } from "../../src/dashboard/storageSource.js";
import type { CurveLine } from "../../src/dashboard/wire.js";
import { Curves } from "../../src/search/trial/curves.js";
import { cases } from "../cases.js";

const line = (name: string, unit: CurveLine["unit"], ...points: CurveLine["points"]): CurveLine => ({
  name,
  unit,
  points,
  count: points.length,
});

describe("the lines of a trial", () => {
  it("are the means over folds of what it recorded, and then what it reported of each objective", () => {
    const curves = new Curves({ loss: [[1, 0.5], [0.5]], valLoss: [[2, Number.NaN], [4]] });
    const reported = new ReportedLines(["a", "b"]).add([
      { step: 5, value: [1, null] },
      { step: 9, value: [null, 3] },
    ]).lines;
    expect(linesOf({ curves }, reported, ["a", "b"])).toEqual([
      line("loss", "epoch", [1, 0.75], [2, 0.5]),
      line("valLoss", "epoch", [1, 3]),
      line("a", "step", [5, 1]),
      line("b", "step", [9, 3]),
    ]);
    // the same from JSON, as a host sends it
    const json = JSON.parse(JSON.stringify(curves));
    expect(linesOf({ curves: json }, [], ["a"])).toEqual(linesOf({ curves }, [], ["a"]));
  });

  it("are the values that its record keeps where there is nothing else", () => {
    expect(linesOf({ curve: [1, 10, null, 20] }, [], ["a", "b"])).toEqual([
      line("a", "report", [1, 1]),
      line("b", "report", [1, 10], [2, 20]),
    ]);
    expect(linesOf({ curve: [3] }, [line("a", "step", [7, 1])], ["a"])).toEqual([line("a", "step", [7, 1])]);
    expect(linesOf({}, [], ["a"])).toEqual([]);
  });

  it("are bounded, and keep their ends, their extremes and how many there were, however they come", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { maxLength: 1500 }), { maxLength: 8 }),
        (parts) => {
          const growing = new ReportedLines(["a"]);
          const all: (readonly [number, number])[] = [];
          for (const part of parts) {
            const points = part.map((value, i) => [all.length + i, value] as const);
            all.push(...points);
            growing.add(points.map(([step, value]) => ({ step, value })));
          }
          const [found] = growing.lines;
          if (all.length === 0) {
            expect(found).toBeUndefined();
            return;
          }
          const { points, count } = found;
          expect([count, points.length <= 1000]).toEqual([all.length, true]);
          if (all.length <= 1000) expect(points).toEqual(all);
          expect([points[0], points.at(-1)]).toEqual([all[0], all.at(-1)]);
          const values = all.map(([, value]) => value);
          const drawn = points.map(([, value]) => value);
          expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([
            Math.min(...values),
            Math.max(...values),
          ]);
          for (const [step, value] of points) expect(all[step][1]).toBe(value);
        },
      ),
      { numRuns: cases(20) },
    );
  });
});

describe("while a trial runs", () => {
  /** A trial that reports 10, 20 and 30 steps, and is looked at after each. */
  async function watched(
    curves: (numbers: readonly number[]) => Promise<unknown>,
    onEvent: (event: never) => void,
  ) {
    const seen: unknown[] = [];
    await tune({
      space: { x: float(0, 1) },
      direction: "minimize",
      trials: 1,
      strategy: random(),
      async objective(_, trial) {
        for (const step of [10, 20, 30]) {
          await trial.report(1 / step, step);
          await new Promise((resolve) => setTimeout(resolve, 1));
          seen.push(await curves([0, 7]));
        }
        return 0;
      },
      onEvent: onEvent as never,
    });
    seen.push(await curves([0, 7]));
    return seen;
  }
  const steps = [10, 20, 30].map((step) => [step, 1 / step] as const);
  const grown = [1, 2, 3, 3].map((count) => ({
    0: [line("height", "step", ...steps.slice(0, count))],
    7: [],
  }));

  it("its curve grows in a storage", async () => {
    const storage = memoryStorage();
    const recorder = await recordStudy(storage, "s", { metrics: ["height"] });
    const source = storageSource(storage, "studies.db", false);
    const curves = async (numbers: readonly number[]) => (await source.open("s"))?.curves(numbers);
    expect(await watched(curves, recorder.onEvent)).toEqual(grown);
  });

  const started = { type: "trialStarted", trial: { number: 7, params: { x: 1 }, seed: 1 } } as const;
  const trained = (...values: number[]) => ({
    type: "epochsTrained" as const,
    number: 7,
    curves: new Curves({ loss: [values, []] }),
  });

  it("the curves of its training grow in a run, epoch by epoch, until its record has them", async () => {
    const run = runSource({ name: "s", metrics: ["height"], cancel() {} });
    const lines = async () => (await (await run.open("s"))?.curves([7]))?.[7];
    run.onEvent(started);
    expect(await lines()).toEqual([]);
    run.onEvent(trained(3));
    expect(await lines()).toEqual([line("loss", "epoch", [1, 3])]);
    run.onEvent(trained(3, 2));
    expect(await lines()).toEqual([line("loss", "epoch", [1, 3], [2, 2])]);
    const record = {
      number: 7,
      params: { x: 1 },
      value: 1,
      std: null,
      seconds: null,
      status: "complete",
    } as const;
    run.onEvent({ type: "trialEnded", best: undefined, record });
    expect(await lines()).toEqual([]); // what was not kept is gone
  });

  it("the curves of its training grow in a host, and its row is there before it has ended", async () => {
    let running: unknown = [{ number: 7, params: { x: 1 }, curves: trained(3, 2).curves }];
    const fetch = async (url: string | URL | Request): Promise<Response> => {
      const { pathname } = new URL(String(url));
      const status = { id: "a", phase: "running" };
      if (pathname === "/studies/a/trials") return Response.json([]);
      if (pathname === "/studies/a/running") return Response.json(running);
      if (pathname === "/studies/a") return Response.json(status);
      if (pathname === "/studies/a/events")
        return new Response(`event: status\ndata: ${JSON.stringify(status)}\n\n`);
      return Response.json({}, { status: 404 });
    };
    const options = { url: "https://host.example", token: "", studies: ["a"], mayWrite: false, fetch };
    const study = (await hostSource(options).open("a"))!;
    const rows: unknown[] = [];
    const stop = study.follow(
      (event) => event.type === "trials" && rows.push(...event.trials),
      () => {},
    );
    await expect.poll(() => rows).toMatchObject([{ number: 7, params: { x: 1 }, status: "running" }]);
    stop();
    expect(await study.curves([7])).toEqual({ 7: [line("loss", "epoch", [1, 3], [2, 2])] });
    // what a host says wrong is not drawn
    for (running of [{}, [null, { number: 7, params: {}, curves: { names: ["loss"] } }]])
      expect(await (await hostSource(options).open("a"))!.curves([7])).toEqual({ 7: [] });
  });

  it("its curve grows in a run, which reads what an earlier one reported from its storage", async () => {
    const run = runSource({ name: "s", metrics: ["height"], cancel() {} });
    const curves = async (numbers: readonly number[]) => (await run.open("s"))?.curves(numbers);
    expect(await watched(curves, run.onEvent)).toEqual(grown);
    const stored = await memoryStorage().create(
      "s",
      createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" }).toJSON(),
    );
    await stored.add({ number: 0, params: { x: 1 } });
    await stored.report(0, { step: 4, value: 2 });
    const later = runSource({ name: "s", metrics: ["height"], cancel() {}, stored: async () => stored });
    expect(await (await later.open("s"))?.curves([0])).toEqual({ 0: [line("height", "step", [4, 2])] });
  });
});

it("a storage has the values that records keep where nothing was reported", async () => {
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "maximize" });
  for (const curve of [[1, 2], undefined])
    study.tell(study.ask()!.number, { value: 2, ...(curve && { curve }) });
  const storage = memoryStorage();
  await storage.create("s", study.toJSON());
  const stored = await storageSource(storage, "studies.db", false).open("s");
  expect(await stored?.curves([0, 1])).toEqual({ 0: [line("value", "report", [1, 1], [2, 2])], 1: [] });
});

it("a host is asked for reports of trials without curves, and believed no further than that they are some", async () => {
  const record = (number: number, more = {}) => ({
    number,
    value: 1,
    params: {},
    std: null,
    seconds: null,
    status: "complete",
    ...more,
  });
  const curves = { curves: new Curves({ loss: [[1, 2]] }) };
  const asked: string[] = [];
  const fetch = async (url: string | URL | Request): Promise<Response> => {
    const { pathname } = new URL(String(url));
    if (pathname === "/studies/a/trials")
      return Response.json([record(0, curves), record(1, { curve: [5] }), record(2, { curve: [5] })]);
    if (pathname === "/studies/a") return Response.json({ id: "a" });
    asked.push(pathname);
    if (pathname === "/studies/a/trials/1/reports")
      return Response.json([{ step: 3, value: 0.5 }, { step: "x", value: 1 }, null, { step: 4, value: "y" }]);
    return Response.json({}, { status: 404 });
  };
  const source = hostSource({
    url: "https://host.example",
    token: "",
    studies: ["a"],
    mayWrite: false,
    fetch,
  });
  expect(await (await source.open("a"))?.curves([0, 1, 2])).toEqual({
    0: [line("loss", "epoch", [1, 1], [2, 2])],
    1: [line("value", "step", [3, 0.5])],
    2: [line("value", "report", [1, 5])],
  });
  expect(asked).toEqual(["/studies/a/running", "/studies/a/trials/1/reports", "/studies/a/trials/2/reports"]);
});

describe("what is drawn", () => {
  const trial = (isBeside: boolean, ...lines: CurveLine[]) => ({ lines, isBeside });
  const recorded = [
    line("lr", "epoch", [1, 1]),
    line("loss", "epoch", [1, 1]),
    line("valLoss", "epoch", [1, 1]),
  ];
  const reported = line("loss", "step", [1, 1]);
  const kind = (name: string, unit: CurveLine["unit"]) => ({ name, unit });

  it("is first what most trials have, of those the loss of validation, then of training", () => {
    expect(kindsOf([trial(false, ...recorded)])).toEqual([
      kind("valLoss", "epoch"),
      kind("loss", "epoch"),
      kind("lr", "epoch"),
    ]);
    const two = kindsOf([trial(false, ...recorded, reported), trial(false, reported)]);
    expect([two[0], two.length]).toEqual([kind("loss", "step"), 4]);
    // one more trial outweighs any name
    expect(kindsOf([trial(false, ...recorded, reported), trial(false, recorded[0])])[0]).toEqual(
      kind("lr", "epoch"),
    );
  });

  it("is decided by trials that are drawn only beside others where there are no others", () => {
    const running = [trial(true, reported), trial(true, reported)];
    expect(kindsOf([trial(false, ...recorded), ...running])[0]).toEqual(kind("valLoss", "epoch"));
    expect(kindsOf([trial(false), ...running])).toEqual([kind("loss", "step")]);
    expect(kindsOf([])).toEqual([]);
    expect(lineIn([...recorded, reported], kind("loss", "step"))).toBe(reported);
  });
});
