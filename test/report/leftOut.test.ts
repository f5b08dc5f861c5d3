import { expect, it } from "vitest";
import { tellLeftOut } from "../../src/report/leftOut.js";

const empty = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `e${i}`, reason: "has no cells" }));

it("names the columns of a reason, or counts them where they are many", () => {
  expect(tellLeftOut(empty(2))).toBe('left out: "e0" has no cells; "e1" has no cells');
  expect(tellLeftOut([...empty(96), { name: "id", reason: "is different in every row" }])).toBe(
    'left out: 96 columns, each of which has no cells ("e0", "e1", "e2" and 93 others; fettle inspect --json lists them); ' +
      '"id" is different in every row (--as <column>=category uses one)',
  );
});

it("counts the columns of the reasons after the eighth", () => {
  const columns = Array.from({ length: 30 }, (_, i) => ({
    name: `c${i}`,
    reason: `is "${i % 10}" in every row`,
  }));
  const text = tellLeftOut(columns);
  expect(text).toContain(
    '"c27" is "7" in every row; 6 other columns, which fettle inspect --json lists (--as',
  );
  expect(text).not.toContain('"c8"');
});
