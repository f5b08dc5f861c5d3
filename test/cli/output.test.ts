/** Files that commands write, within one process. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WriteError } from "../../src/cli/fileErrors.js";
import { checkWritable, makeFolder, writeWhole, writing } from "../../src/cli/output.js";
import { folder, listing } from "./fettle.js";

describe("a folder for output", () => {
  it("is made with those above it, unless it exists", () => {
    const path = folder();
    makeFolder(join(path, "a", "b"));
    makeFolder(join(path, "a", "b"));
    expect(listing(path)).toEqual(["a", "a/b"]);
  });

  it.each(["", "/", "//", "/."])(
    "is refused if one of its files could not be written, with %j at its end",
    (end) => {
      const path = `${folder({ file: "" })}${end}`;
      mkdirSync(join(path, "tables.csv"));
      const message = (files: string[]) => expect(() => checkWritable(path, files));
      message(["runs.jsonl", "file", "pictures/loss.svg"]).not.toThrow();
      message(["runs.jsonl", "tables.csv"]).toThrow(
        `${JSON.stringify(join(path, "tables.csv"))}: it is not a regular file`,
      );
      message(["file/loss.svg"]).toThrow(`${JSON.stringify(join(path, "file"))}: it is not a folder`);
    },
  );
});

describe("a file", () => {
  it("is written whole, in place of an earlier one", () => {
    const path = folder({ "a.csv": "a longer text" });
    writeWhole(join(path, "a.csv"), "text");
    writeWhole(join(path, "new", "b.csv"), "more");
    expect(listing(path)).toEqual(["a.csv", "new", "new/b.csv"]);
    expect(readFileSync(join(path, "a.csv"), "utf8")).toBe("text");
  });

  it("does not exist if it cannot be written", () => {
    const path = folder();
    mkdirSync(join(path, "a.csv", "in the way"), { recursive: true });
    expect(() => writeWhole(join(path, "a.csv"), "text")).toThrow(WriteError);
    expect(listing(path)).toEqual(["a.csv", "a.csv/in the way"]);
  });

  it.runIf(existsSync("/dev/full"))("names a full disk", () => {
    const write = () => writing("/dev/full", (path) => appendFileSync(path, "text"));
    expect(write).toThrow('cannot write "/dev/full": the disk is full');
    expect(write).toThrow(WriteError);
  });
});
