/**
 * What a dashboard's page makes of events, and of the words of a filter: values, and laws beside a plain form
 * of the same.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOf, type Route, routeOf } from "../../src/dashboard/state/route.js";
import {
  afterEvents,
  bestFew,
  bestOf,
  countsOf,
  NO_STUDY,
  standingOf,
  trialIn,
} from "../../src/dashboard/state/study.js";
import { arranged, columnsOf, parseFilter, visibleRows } from "../../src/dashboard/state/table.js";
import type { DashboardEvent, StudyAbout, TrialRow } from "../../src/dashboard/wire.js";
import { choice, float } from "../../src/index.js";
import { cases } from "../cases.js";

const about: StudyAbout = {
  name: "study",
  strategy: "random",
  directions: ["minimize"],
  metrics: ["logLoss"],
  space: { rate: float(0.001, 1, { log: true }), optimizer: choice(["adam", "sgd"]) },
  artifacts: [],
  actions: [],
};
const row = (number: number, value: number | null, more: Partial<TrialRow> = {}): TrialRow => ({
  number,
  value,
  params: { rate: (number + 1) / 10, optimizer: number % 2 === 0 ? "adam" : "sgd" },
  status: value === null ? "failed" : "complete",
  std: null,
  seconds: 1,
  ...more,
});
const rows = [row(0, 3), row(1, 1), row(2, null), row(3, 2), row(4, 1)];
const columns = columnsOf(about, rows, new Map([[3, { number: 3, text: "", tags: ["keep", "a b"] }]]));
const numbers = (list: readonly TrialRow[]): readonly number[] => list.map(({ number }) => number);

it("a study is live only while it can bring more", () => {
  for (const phase of ["done", "failed", "cancelled", "interrupted"]) {
    expect(standingOf("live", { phase })).toBe("ended");
    expect(standingOf("lost", { phase })).toBe("lost");
  }
  for (const about of [{}, { phase: "running" }, { phase: "paused" }, { phase: "stopping" }])
    expect(standingOf("live", about)).toBe("live");
});

describe("events", () => {
  it("add up to the same state one by one and at once, and do not change the state before", () => {
    const events: readonly DashboardEvent[] = [
      { type: "about", about },
      { type: "trials", trials: [row(0, 3), { ...row(1, null), status: "running" }] },
      { type: "notes", notes: [{ number: 0, text: "a", tags: [] }] },
      { type: "ready" },
      { type: "trials", trials: [row(1, 1), row(2, null)] },
    ];
    const atOnce = afterEvents(NO_STUDY, events);
    const oneByOne = events.reduce((state, event) => afterEvents(state, [event]), NO_STUDY);
    expect(oneByOne).toEqual(atOnce);
    expect(atOnce.rows).toEqual([row(0, 3), row(1, 1), row(2, null)]);
    expect(atOnce.notes.get(0)?.text).toBe("a");
    expect([atOnce.isReady, atOnce.isGone]).toEqual([true, false]);
    expect(NO_STUDY.rows).toEqual([]);
  });

  it("may bring trials in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(9)), { maxLength: 80 }), (given) => {
        const trials = given.map(([number, value]) => row(number, value));
        const { rows } = afterEvents(NO_STUDY, [{ type: "trials", trials }]);
        const last = new Map(given);
        const expected = [...last].sort(([a], [b]) => a - b);
        expect(rows.map(({ number, value }) => [number, value])).toEqual(expected);
        for (let number = 0; number <= 61; number++)
          expect(trialIn({ rows }, number)?.value).toBe(last.get(number));
      }),
      { numRuns: cases(50) },
    );
  });

  it("say how many trials have each status", () => {
    expect(countsOf([...rows, row(5, null, { status: "running" })])).toEqual({
      complete: 4,
      failed: 1,
      running: 1,
      pruned: 0,
      diverged: 0,
    });
  });
});

describe("the best", () => {
  it("is the earliest of those with the best value, in either direction; none without a value", () => {
    expect(numbers(bestOf({ rows, about }))).toEqual([1]);
    expect(numbers(bestOf({ rows, about: { ...about, directions: ["maximize"] } }))).toEqual([0]);
    expect(bestOf({ rows: [row(0, null)], about })).toEqual([]);
    expect(bestFew({ rows, about }, 3)).toEqual([1, 4, 3]);
  });

  it("are no trials that break a constraint, however good", () => {
    const broken = rows.map((each) => (each.number === 4 ? { ...each, constraints: [0, 1] } : each));
    expect(bestFew({ rows: broken, about }, 3)).toEqual(
      bestFew({ rows, about }, 4).filter((each) => each !== 4),
    );
    expect(bestFew({ rows: rows.map((each) => ({ ...each, constraints: [1] })), about }, 3)).toEqual([]);
  });

  it("is the Pareto front of several objectives", () => {
    const two = [
      [1, 1],
      [2, 2],
      [0, 0],
      [1, 0],
    ].map((values, i) => row(i, null, { status: "complete", values }));
    const front = bestOf({ rows: two, about: { ...about, directions: ["minimize", "maximize"] } });
    expect(numbers(front)).toEqual([0, 1, 2]);
  });
});

describe("a table", () => {
  it("has the trial, the objectives, the status and the parameters as columns; without a space those of its rows", () => {
    expect(columns.map(({ label }) => label)).toEqual(
      "Trial logLoss Status rate optimizer Time Tags".split(" "),
    );
    expect(columns.map(({ isNumeric }) => isNumeric)).toEqual([true, true, false, true, false, true, false]);
    const found = columnsOf({ space: {}, metrics: ["a", "b"] }, rows, new Map()).map(({ id }) => id);
    expect(found.slice(3, 6)).toEqual(["status", "param:rate", "param:optimizer"]);
  });

  it("writes times as durations, and what is not there as a dash", () => {
    const texts = (seconds: number | null) => columns.map(({ text }) => text(row(7, 2, { seconds })));
    expect(texts(90)[5]).toBe("1 min 30 s");
    expect(texts(null)[5]).toBe("–");
  });

  it("is sorted by a column, rows without a value last in both directions, equal ones by number", () => {
    const by = (id: string, isDescending: boolean) =>
      numbers(arranged(rows, columns, { id, isDescending }, ""));
    expect(by("value:0", false)).toEqual([1, 4, 3, 0, 2]);
    expect(by("value:0", true)).toEqual([0, 3, 1, 4, 2]);
    expect(by("number", true)).toEqual([4, 3, 2, 1, 0]);
    expect(by("param:optimizer", true)).toEqual([1, 3, 0, 2, 4]);
    expect(by("tags", false)).toEqual([3, 0, 1, 2, 4]);
  });

  it.each([
    ["", [0, 1, 2, 3, 4]],
    ["status:failed", [2]],
    ["STATUS:comp", [0, 1, 3, 4]],
    ["logloss<2", [1, 4]],
    ["logloss<=2 rate>0.3", [3, 4]],
    ["logloss>=2", [0, 3]],
    ["logloss=1", [1, 4]],
    ["optimizer=sgd", [1, 3]],
    ["optimizer:s logloss<2", [1]],
    ["tag:keep", [3]],
    ["rate<", [0, 1, 2, 3, 4]],
    ["rate<x", []],
    ["adam", [0, 2, 4]],
    ["nothing:here", []],
    ["<script>", []],
  ])("filtered by %j keeps the trials %j", (filter, kept) => {
    expect(numbers(rows.filter(parseFilter(filter, columns)))).toEqual(kept);
  });

  it("draws the rows in view and a few more, and never one that there is not", () => {
    expect(visibleRows(10_000, 36, { top: 3600, height: 360 }, 5)).toEqual({ from: 95, to: 115 });
    expect(visibleRows(3, 36, { top: 3600, height: 360 })).toEqual({ from: 3, to: 3 });
    fc.assert(
      fc.property(fc.nat(500), fc.nat(20_000), fc.nat(3000), (count, top, height) => {
        const { from, to } = visibleRows(count, 36, { top, height }, 0);
        for (let i = 0; i < count; i++) {
          const isSeen = 36 * (i + 1) > top && 36 * i < top + height;
          if (isSeen) expect(i >= from && i < to).toBe(true);
        }
        expect(to - from).toBeLessThanOrEqual(height / 36 + 2);
      }),
      { numRuns: cases(100) },
    );
  });
});

describe("an address", () => {
  it("leads back to its route, whatever the study is called", () => {
    const anyName = fc.oneof(
      fc.constantFrom("a/b", "#", "%", "<script>", "名前", "..", "trial", " "),
      fc.string({ unit: "grapheme", minLength: 1 }).filter((name) => !/\p{Cs}/u.test(name)),
    );
    const anyRoute: fc.Arbitrary<Route> = fc.oneof(
      fc.constant<Route>({ page: "studies" }),
      anyName.map((study): Route => ({ page: "study", study })),
      fc.tuple(anyName, fc.nat(1e6)).map(([study, trial]): Route => ({ page: "trial", study, trial })),
      fc
        .tuple(anyName, fc.array(fc.nat(1e6), { minLength: 2, maxLength: 5 }))
        .map(([study, trials]): Route => ({ page: "compare", study, trials })),
      fc.tuple(anyName, anyName).map((studies): Route => ({ page: "studiesCompared", studies })),
      fc
        .tuple(
          anyName,
          anyName,
          fc.array(fc.nat(1e6), { maxLength: 4 }),
          fc.array(fc.nat(1e6), { maxLength: 4 }),
        )
        .map(
          ([one, other, ...trials]): Route => ({ page: "studiesCompared", studies: [one, other], trials }),
        ),
    );
    fc.assert(
      fc.property(anyRoute, (route) => {
        expect(routeOf(hashOf(route))).toEqual(route);
      }),
      { numRuns: cases(100) },
    );
  });

  it.each([
    [[], []],
    [[], [1]],
    [[1], []],
    [[1, 2], [3]],
  ])("of two studies has the trials of each, or none: %j and %j", (...trials) => {
    const route: Route = { page: "studiesCompared", studies: ["a", "b"], trials };
    expect(routeOf(hashOf(route))).toEqual(route);
  });

  it.each(["#/nowhere", "#/study/%", "#key=abc", "", "#/study/"])("%j leads to the list", (hash) => {
    expect(routeOf(hash)).toEqual({ page: "studies" });
  });
});
