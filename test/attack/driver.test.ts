/** Many studies that run at the same time, and clients who want an answer now. Needs `dist/`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { StudyProcess } from "./support/studies.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-driver-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STUDIES = cases(1) > 1 ? 20 : 8;
/** A slice of 100 ms and 50 ms; the rest is for a machine with other things to do. */
const LONGEST = 150 + 1_350;

describe.each(["memory", "file", "synchronous"] as const)(`${STUDIES} studies with a store: %s`, (store) => {
  it("neither hold up requests nor each other", async () => {
    const server = await StudyProcess.start(store, join(folder, store));
    try {
      const names = Array.from({ length: STUDIES }, (_, i) => `s${i}`);
      const settings = { trials: 10_000, epochs: 20, units: 16, strategy: "random" };
      for (const name of names) await server.read(`POST ${name}`, settings);
      const waits: number[] = [];
      for (let i = 0; i < cases(12); i++) {
        // at moments without a pattern, 0 to 22 ms apart
        await new Promise((resolve) => setTimeout(resolve, (i * 17) % 23));
        const began = performance.now();
        const { phase } = await server.read(`GET ${names[(i * 7) % STUDIES]}`);
        waits.push(performance.now() - began);
        expect(phase).toBe("running");
      }
      waits.sort((a, b) => a - b);
      const [median, most] = [waits[waits.length >> 1], waits.at(-1) as number];
      console.log(
        `${store}: ${waits.length} GETs, median ${median.toFixed(1)} ms, longest ${most.toFixed(1)} ms`,
      );
      expect(most).toBeLessThan(LONGEST);

      // every study has its turns: each went on since the last GET
      const stepsOf = () => Promise.all(names.map(async (name) => (await server.read(`GET ${name}`)).steps));
      const before = await stepsOf();
      const began = performance.now();
      for (let after = before; after.some((steps, i) => steps <= before[i]); after = await stepsOf()) {
        expect(performance.now() - began).toBeLessThan(2 * STUDIES * LONGEST);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }

      // commands arrive, whatever runs
      for (const name of names) {
        const began = performance.now();
        expect(await server.read(`POST ${name}/cancel`)).toMatchObject({ id: name, phase: "cancelled" });
        expect(performance.now() - began).toBeLessThan(2 * LONGEST);
      }
      for (const name of names) expect((await server.read(`GET ${name}`)).phase).toBe("cancelled");
    } finally {
      await server.kill();
    }
  });
});
