/** The built-in schedulers keep the laws of `schedulers.ts`. */
import { describe, it } from "vitest";
import { asha } from "../../src/search/schedulers/asha.js";
import { halving } from "../../src/search/schedulers/halving.js";
import { hyperband } from "../../src/search/schedulers/hyperband.js";
import { medianStopping } from "../../src/search/schedulers/median.js";
import { hold } from "../../src/testing/laws.js";
import { cases } from "../cases.js";
import { bracketLaws, halvingLaws, hyperbandLaws, lagLaws, medianLaws } from "./schedulers.js";

function holdEach<M>(
  name: string,
  laws: Readonly<Record<string, (make: M) => Parameters<typeof hold>[2]>>,
  make: M,
): void {
  describe(name, () => {
    it.each(Object.entries(laws))("%s", (law, property) => {
      hold(`scheduler "${name}"`, law, property(make), { numRuns: cases(100) });
    });
  });
}

holdEach("halving", { ...halvingLaws, ...bracketLaws }, halving);
holdEach("hyperband", { ...halvingLaws, ...bracketLaws, ...hyperbandLaws }, hyperband);
holdEach("asha", halvingLaws, asha);
holdEach("asha", lagLaws, asha);
holdEach("median", lagLaws, medianStopping);
holdEach("median", medianLaws, medianStopping);
