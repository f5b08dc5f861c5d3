/** What lines of a program say, and how they are cut. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lines, Tail } from "../../../src/cli/optimize/lines.js";
import { readFileText, readLine } from "../../../src/cli/optimize/output.js";
import { cases } from "../../cases.js";

describe("a line", () => {
  it.each([
    ["0.25", 0.25],
    [" -1e-3 \r", -0.001],
    ["+.5", 0.5],
    ["7.", 7],
    ["nan", Number.NaN],
    ["-inf", Number.NEGATIVE_INFINITY],
    ['{"value": 0.3, "other": "x"}', 0.3],
    ['{"value": NaN}', Number.NaN],
    ['{"value": null}', Number.NaN],
  ])("%j is a value", (line, value) => {
    expect(readLine(line, ["value"])).toEqual({ values: [value] });
  });

  it.each([
    "",
    "loss 0.3",
    "0.3 0.4",
    "0x10",
    "1,5",
    "{}",
    '{"value": "0.3"}',
    '{"loss": 1}',
    "[1]",
    '{"value": 1',
    "true",
  ])("%j is none", (line) => {
    expect(readLine(line, ["value"])).toBeUndefined();
  });

  it("with a step is a report, and with several metrics needs all of them", () => {
    expect(readLine('{"step": 3, "value": 0.41}', ["value"])).toEqual({ values: [0.41], step: 3 });
    expect(readLine('{"b": 2, "a": 1}', ["a", "b"])).toEqual({ values: [1, 2] });
    expect(readLine('{"a": 1}', ["a", "b"])).toBeUndefined();
    expect(readLine("1", ["a", "b"])).toBeUndefined();
  });

  it("every finite number is read as it was written", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const [plain, json] = [`${value}`, JSON.stringify({ value })];
        expect(readLine(plain, ["value"])?.values[0]).toBe(value + 0);
        expect(readLine(json, ["value"])?.values[0]).toBe(value + 0);
      }),
      { numRuns: cases(200) },
    );
  });

  it("of a file is the whole of it, or the last that says anything", () => {
    expect(readFileText('{\n  "value": 2\n}\n', ["value"])?.values).toEqual([2]);
    expect(readFileText("1\n2\nend\n", ["value"])?.values).toEqual([2]);
    expect(readFileText("end\n", ["value"])).toBeUndefined();
  });
});

describe("lines", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it("are the same wherever the pieces are cut", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, ""));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.array(fc.nat(40), { maxLength: 8 }), (texts, cuts) => {
        const whole = bytes(texts.join("\n"));
        const lines = new Lines();
        const found: string[] = [];
        let at = 0;
        for (const length of [...cuts, whole.length]) {
          found.push(...lines.add(whole.slice(at, at + length)));
          at += length;
        }
        expect([...found, lines.end()]).toEqual(texts.length === 0 ? [""] : texts);
      }),
      { numRuns: cases(200) },
    );
  });

  it("that are too long are left out, however they come", () => {
    const lines = new Lines();
    const long = bytes("x".repeat(2 ** 15));
    expect([...lines.add(bytes("a\n"))]).toEqual(["a"]);
    for (let i = 0; i < 100; i++) expect([...lines.add(long)]).toEqual([]);
    expect(lines.end()).toBe("");
    expect([...lines.add(bytes("y\nb\rc\n"))]).toEqual(["b", "c"]);
  });

  it("the tail is the end", () => {
    const tail = new Tail();
    for (let i = 0; i < 5000; i++) tail.add(bytes(`line ${i}\n`));
    expect(tail.lines(2)).toBe("line 4998\nline 4999");
    tail.add(bytes("é".repeat(5000)));
    expect(tail.lines(9)).toMatch(/^é{2048}$/);
  });
});
