/** Messages of the library in the words of the command line. */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { flagOf } from "../../src/cli/flags.js";
import { explainError, inFlags, verbatim } from "../../src/cli/messages.js";
import { FettleError } from "../../src/errors.js";

const OPTIONS = [
  "target",
  "task",
  "missing",
  "drop",
  "points",
  "folds",
  "testSize",
  "batchSize",
  "strategy",
  "as",
];

describe("a message", () => {
  it.each([
    ['choose missing: "impute" or missing: "drop"', "choose --missing impute or --missing drop"],
    ['leave columns out with drop: ["id","name"]', "leave columns out with --drop id,name"],
    ['with drop: ["last name","a,b","c"]', "with --drop 'last name,c' --drop a,b"],
    ['drop: ["it\'s"]', "--drop 'it'\\''s'"],
    ["as in points: { learningRate: 5 }", "as in --points 5"],
    ["folds must be an integer; received 1", "--folds must be an integer; received 1"],
    ['"data.csv": target must be a name', '"data.csv": --target must be a name'],
    ["parts of 0 rows; change testSize", "parts of 0 rows; change --test-size"],
    ["use nsga2(), or random()", "use nsga2, or random"],
    ['or choose as: {"zip":"category"}', "or choose --as zip=category"],
    ['as: {"last name":"number"}', "--as 'last name=number'"],
    // words that are no options here
    ['column "drop" is missing in the target', 'column "drop" is missing in the target'],
    ['parameter "batchSize" of the folds', 'parameter "batchSize" of the folds'],
    ["memoryLimit must be higher", "memoryLimit must be higher"],
    [
      '2 columns cannot be used:\n  column "a" must have cells\n  choose missing: "drop", or leave columns out with drop: ["a"]',
      '2 columns cannot be used:\n  column "a" must have cells\n  choose --missing drop, or leave columns out with --drop a',
    ],
  ])("%j reads %j", (message, expected) => expect(inFlags(message, OPTIONS)).toBe(expected));

  it("keeps the words of a file", () => {
    const work = () => {
      throw new FettleError("invalid_space", "batchSize must be an integer");
    };
    let thrown: unknown;
    try {
      verbatim(work);
    } catch (error) {
      thrown = error;
    }
    const command = new Command().option("--batch-size <n>");
    expect(explainError(thrown as FettleError, command)).toBe("batchSize must be an integer");
    expect(explainError(new FettleError("invalid_argument", "batchSize must be an integer"), command)).toBe(
      "--batch-size must be an integer",
    );
  });
});

describe("a flag", () => {
  it("is the option in hyphens", () => {
    expect(["folds", "testSize"].map(flagOf)).toEqual(["--folds", "--test-size"]);
  });
});
