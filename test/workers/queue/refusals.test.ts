/** Options of a queue of pg-boss that are refused before anything connects. */
import { expect, it } from "vitest";
import { type PgBossLike, pgBossQueue } from "../../../src/workers/queue/pgBoss.js";
import { refusal } from "../../tune/support.js";

it.each([
  [{}, "invalid_argument: study must be the name of a study; received undefined"],
  [{ study: "" }, 'invalid_argument: study must be the name of a study; received ""'],
  [{ study: 3 }, "invalid_argument: study must be the name of a study; received 3"],
  [{ study: "s", schema: "a-b" }, 'schema must be a name of letters, digits and _; received "a-b"'],
  [
    { study: "s", lease: 999 },
    "lease must be at least 1,000 milliseconds with pg-boss, which counts seconds; received 999",
  ],
  [{ study: "s", attempts: 0 }, "attempts must be a positive integer; received 0"],
  [
    { study: "s", studdy: "s" },
    'unknown_name: unknown option of pgBossQueue "studdy". Did you mean "study"?',
  ],
])("%j are refused", async (options, message) => {
  expect(await refusal(() => pgBossQueue({} as PgBossLike, options as never))).toContain(message);
});

it("a lease of a second is accepted, in any letters of a schema", async () => {
  const queue = await pgBossQueue({} as PgBossLike, { study: "s", schema: "Own_2", lease: 1_000 });
  expect(queue).toHaveProperty("take");
});
