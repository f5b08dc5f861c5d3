/** The message of a broken law, and that its case can be replayed. */
import { describe, expect, it } from "vitest";
import { halving } from "../../src/search/schedulers/halving.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { Strategy } from "../../src/search/strategies/strategy.js";
import type { BrokenLaw } from "../../src/testing/laws.js";
import { checkScheduler } from "../../src/testing/scheduler.js";
import { checkStrategy, checkStrategyLaw } from "../../src/testing/strategy.js";

const stuck: Strategy = {
  ...random(),
  name: "stuck",
  suggest: (context) => random().suggest({ ...context, earlier: [] }),
};

function message(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("a broken law", () => {
  it("names the subject, the law, what went wrong, the case and how to replay it", () => {
    const lines = message(() => checkStrategy(stuck, { seed: 5 })).split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^strategy "stuck" breaks the law "repeats no point of a finite space before all are used": \d+ suggestions hold only \d+ points, of \d+$/,
    );
    expect(lines[1]).toMatch(/^Case \d+, shrunk \d+ times: \[\{.*\]$/);
    expect(lines[2]).toMatch(/^Replay it with \{ seed: 5, path: "[\d:]+" \}$/);
  });

  it("has the number of its cases and the options of the message as values too", () => {
    try {
      checkStrategy(stuck, { seed: 5 });
    } catch (error) {
      const { cases, replay, message } = error as BrokenLaw;
      expect(message).toContain(
        `Replay it with { seed: ${replay.seed}, path: ${JSON.stringify(replay.path)} }`,
      );
      expect(message).toContain(`Case ${cases}, `);
      return;
    }
    expect.unreachable();
  });

  it("is replayed with the very case that the message names, and no other", () => {
    const law = "repeats no point of a finite space before all are used";
    const first = message(() => checkStrategyLaw(stuck, law, { seed: 5 }));
    const [, path] = first.match(/path: "([\d:]+)"/) as RegExpMatchArray;
    const again = message(() => checkStrategyLaw(stuck, law, { seed: 5, path }));
    const caseOf = (text: string) => text.split("\n")[1].replace(/^.*times: /, "");
    expect(caseOf(again)).toBe(caseOf(first));
    expect(again).toContain("Case 1, shrunk 0 times");
  });

  it("that is asynchronous reads alike", async () => {
    const broken = () => ({ ...halving(), rungs: () => [0] });
    await expect(checkScheduler(broken, { seed: 5 })).rejects.toThrow(
      /^scheduler "halving" breaks the law "has ascending rungs.*": trial .*\nCase 1, shrunk .*\nReplay it with \{ seed: 5, path: "/,
    );
  });

  it("that does not exist is refused with a list of those that do", () => {
    expect(() => checkStrategyLaw(random(), "is kind")).toThrow(
      /^unknown law "is kind"\. Known:\nsuggests only points of the space/,
    );
  });
});

it("as many cases are tried as requested", () => {
  const asked = 7;
  let suggestions = 0;
  const counting: Strategy = {
    ...random(),
    suggest(context) {
      suggestions += Number(context.number === 0);
      return random().suggest(context);
    },
  };
  checkStrategyLaw(counting, "suggests only points that the constraint allows", {
    numRuns: asked,
    trials: 1,
  });
  expect(suggestions).toBe(asked);
});

it.each([
  ["resumes from a saved study as if it had never stopped", 1521646594, "3"],
  ["does not depend on the order in which trials end, within the lag", -667029780, "3:4:2:2"],
])("%s, in a space of which a range has a few subnormal numbers", (law, seed, path) => {
  expect(() => checkStrategyLaw(random(), law, { seed, path })).not.toThrow();
});
