/** What errors say of the file that they are about. */
import { expect, it } from "vitest";
import { WriteError } from "../../src/cli/fileErrors.js";
import { inFile } from "../../src/cli/files.js";
import { FettleError } from "../../src/errors.js";

const told = (path: string, error: Error): string => {
  try {
    return inFile(path, () => {
      throw error;
    });
  } catch (thrown) {
    return (thrown as Error).message;
  }
};

it("an error of the contents names the file once, also where a column is called as the file is", () => {
  const of = (message: string) => new FettleError("invalid_data", message);
  expect(told("age", of('column "age" must have cells'))).toBe('"age": column "age" must have cells');
  expect(told("-", of("line 2 has 3 cells"))).toBe("standard input: line 2 has 3 cells");
  for (const message of [
    '"age" is not text in UTF-8',
    '"age": line 2 has 3 cells',
    'cannot read "age": it is a directory',
  ])
    expect(told("age", of(message))).toBe(message);
});

it("an error of another file, or of none, is as it was", () => {
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  expect(told("rows.csv", new WriteError("out.csv", full))).toMatch(
    /^cannot write "out\.csv": the disk is full/,
  );
  expect(told("rows.csv", new TypeError("a fault"))).toBe("a fault");
});
