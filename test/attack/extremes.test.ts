/**
 * Legal extremes of every option and range of every exported function: nothing hangs, and nothing throws a
 * raw error. The cases run in processes of their own, so that one that never ends can be ended; see
 * `support/extremes.ts`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import type { Finding } from "./support/extremes.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** 200 cases of the short form, 20,000 of the long one. */
const [PROCESSES, CASES] = [cases(5), 200];

describe("legal extremes", () => {
  it.each(Array.from({ length: PROCESSES }, (_, i) => 1 + i * CASES))(
    "end and are refused in words, from seed %i",
    (seed) => {
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ["--import", "tsx", "test/attack/support/extremes.ts", `${seed}`, `${CASES}`],
        { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 },
      );
      const findings = stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Finding);
      const last = stderr.trim().split("\n").at(-1);
      expect([status, findings.filter((each) => "raw" in each), last], `ended at ${last}`).toEqual([
        0,
        [],
        last,
      ]);
      const [{ cases: ran, refused }] = findings as [{ cases: number; refused: number }];
      expect(ran).toBe(CASES);
      // the rest did what was asked of it: a share of refusals near 1 would test nothing but refusals
      expect(refused).toBeLessThan(0.75 * CASES);
    },
  );
});
