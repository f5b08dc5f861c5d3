import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Leases } from "../src/leases.js";
import { cases } from "./cases.js";

const TERM = 10;

describe("leases", () => {
  it("belong to a holder until a term after its last sign, whatever happens to others", () => {
    const key = fc.integer({ min: 0, max: 3 });
    const step = fc.oneof(
      fc.record({ what: fc.constant("give" as const), key, holder: fc.constantFrom("a", "b") }),
      fc.record({ what: fc.constantFrom("release" as const, "end" as const), key, holder: fc.constant("") }),
    );
    const steps = fc.array(fc.tuple(step, fc.integer({ min: 0, max: TERM })), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (all) => {
        let now = 0;
        const leases = new Leases<number>(TERM, () => now);
        // of each key: the times and holders of what happened to it since it was last forgotten
        const past = new Map<number, { readonly at: number; readonly holder: string | undefined }[]>();
        for (const [{ what, key, holder }, pause] of all) {
          const own = past.get(key) ?? [];
          if (what === "give") {
            leases.give(key, holder);
            past.set(key, [...own, { at: now, holder }]);
          } else if (what === "release") {
            leases.release(key);
            if (own.length > 0) past.set(key, [...own, { at: now, holder: undefined }]);
          } else {
            leases.end(key);
            past.delete(key);
          }
          now += pause;
          const times = [0, 1, 2, 3].map((each) => {
            const last = past.get(each)?.at(-1);
            return last?.holder === undefined ? Number.NEGATIVE_INFINITY : last.at + TERM;
          });
          for (const each of [0, 1, 2, 3]) {
            const events = past.get(each) ?? [];
            const holders = events.filter(({ holder }, i) => holder && holder !== events[i - 1]?.holder);
            const given = events.at(-1)?.holder;
            expect(leases.isFree(each)).toBe(times[each] <= now);
            expect(leases.of(each)?.attempt ?? 0).toBe(holders.length);
            if (given)
              expect([leases.of(each)?.holder, leases.age(each)]).toEqual([given, now - holders.at(-1)!.at]);
          }
          const first = Math.min(...times);
          expect(leases.free([0, 1, 2, 3])).toBe(first <= now ? times.indexOf(first) : undefined);
          const held = times.filter((_, each) => past.has(each));
          expect(leases.next()).toBe(Math.min(...held) - now);
          expect(leases.size).toBe(past.size);
        }
      }),
      { numRuns: cases(200) },
    );
  });

  it("of holders elsewhere last while their signs change, and are forgotten without a sign", () => {
    let now = 0;
    const leases = new Leases<string>(TERM, () => now);
    const overdueAt = (time: number, signs: Record<string, string>) => {
      now = time;
      return leases.overdue(new Map(Object.entries(signs)));
    };
    expect(overdueAt(0, { a: "1", b: "1" })).toEqual([]);
    expect(overdueAt(6, { a: "1", b: "2" })).toEqual([]);
    expect(overdueAt(9.9, { a: "1", b: "2" })).toEqual([]);
    expect(overdueAt(10, { a: "1", b: "2" })).toEqual(["a"]);
    expect(overdueAt(16, { b: "2" })).toEqual(["b"]);
    expect(leases.of("a")).toBeUndefined();
    expect([leases.of("b")?.attempt, overdueAt(17, { b: "1" }), overdueAt(18, { a: "1" })]).toEqual([
      2,
      [],
      [],
    ]);
  });

  it("whose start is unknown have no age, also once renewed", () => {
    const leases = new Leases<string>(TERM, () => 5);
    for (let i = 0; i < 2; i++) {
      leases.give("a", "x", Number.NaN);
      expect(leases.age("a")).toBeNaN();
    }
    expect(leases.age("b")).toBeNaN();
  });
});
