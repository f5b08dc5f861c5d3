/** A verification as text, from figures written by hand. */
import { describe, expect, it } from "vitest";
import { describeVerification } from "../../src/report/verify.js";
import type { Verification } from "../../src/testing/verify.js";

const paint = { heading: (text: string) => `*${text}*`, faint: (text: string) => `(${text})` };
const message = [
  'strategy "stuck" breaks the law "repeats no point": 3 suggestions hold only 2 points',
  `Case 4, shrunk 1 times: [${"a long case, ".repeat(20)}]`,
  'Replay it with { seed: 7, path: "3:0" }',
].join("\n");
const held: Verification = {
  seed: 7,
  cases: 20,
  complete: true,
  digests: { "a tuning by tpe": "0badcafe" },
  groups: [
    { group: "operations", parts: 43, laws: 1, cases: 860, worst: 0.844, broken: [] },
    { group: "gradients", parts: 43, laws: 1, cases: 860, worst: 0.00117, broken: [] },
    { group: "executors", parts: 2, laws: 5, cases: 200, worst: 0.9981, broken: [] },
    { group: "strategies", parts: 1, laws: 7, cases: 1, worst: null, broken: [] },
  ],
};
const broken: Verification = {
  ...held,
  digests: {},
  groups: [
    held.groups[0],
    { ...held.groups[3], broken: [{ group: "strategies", part: "stuck", law: "repeats no point", message }] },
  ],
};

describe("a verification in words", () => {
  it("shows the groups, in counts and shares of bounds", () => {
    expect(describeVerification({ verification: held, seconds: 12.4 }, 80, paint)).toEqual([
      "",
      "*All laws hold*",
      "              parts  laws  cases  broken  worst",
      "  operations     43     1    860       0   84 %",
      "  gradients      43     1    860       0  < 1 %",
      "  executors       2     5    200       0   99 %",
      "  strategies      1     7      1       0      –",
      "",
      "*Digests of seed 0, the same on every machine*",
      "  a tuning by tpe  0badcafe",
      "",
      "(worst: largest error as a share of its bound; – where bits must be equal)",
      "(1921 cases in 12 s)",
    ]);
  });

  it("has the message of a broken law in full, and the command that repeats it", () => {
    const lines = describeVerification({ verification: broken, seconds: 1 }, 60, paint);
    expect(lines[1]).toBe("*1 law broken*");
    expect(lines[4]).toBe("  strategies      1     7      1       1      –");
    expect(lines.slice(5, 12)).toEqual([
      ...["", ...message.split("\n"), ""],
      ...["(To repeat:)", "(  npx fettle verify --only strategies --seed 7 --cases 20)"],
    ]);
  });

  it("does not claim that laws hold which were not checked", () => {
    const stopped = { ...held, complete: false };
    const lines = describeVerification({ verification: stopped, seconds: 1 }, 80, paint);
    expect(lines[1]).toBe("*All laws checked so far hold*");
  });

  it("leaves columns out from the right in narrow terminals", () => {
    const lines = describeVerification({ verification: held, seconds: 1 }, 32, paint);
    expect(lines[2]).toBe("              parts  laws  cases");
    for (const line of lines) expect(line.replace(/[*()]/g, "").length).toBeLessThanOrEqual(32);
  });

  it("shows 100 % and 0 % only for exactly the bound and no error", () => {
    const [row] = held.groups;
    const groups = [1, 0, 0.996, 0.004].map((worst) => ({ ...row, worst }));
    const lines = describeVerification({ verification: { ...held, groups }, seconds: 1 }, 80, paint);
    expect(lines.slice(3, 7).map((line) => line.trimEnd().slice(-5))).toEqual([
      ...["100 %", "  0 %", " 99 %", "< 1 %"],
    ]);
  });
});
