import { float, random } from "fettle";
import { expect, it } from "vitest";
import { createStudy } from "../../../src/search/study/create.js";

it("makes curves of running trials only where someone is told of them", async () => {
  const given: boolean[] = [];
  for (const options of [{}, { onEvent: () => {} }]) {
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
    const objective = ({ x }: { readonly x: number }, { trained }: { readonly trained?: unknown }) => {
      given.push(trained !== undefined);
      return x;
    };
    await study.optimize(objective, { trials: 1, ...options });
  }
  expect(given).toEqual([false, true]);
});
