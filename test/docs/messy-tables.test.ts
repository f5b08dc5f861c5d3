/**
 * The table of docs/messy-tables.md, read by the commands of the page: what they print is what the page says.
 * Needs `dist/`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fettle, folder } from "../cli/fettle.js";
import { blocks } from "./blocks.js";

it("the receipt on the page is the one that is printed, and its schema settles it", async () => {
  const page = blocks.filter((block) => block.page === "docs/messy-tables.md");
  const [table, receipt] = page.filter(({ language }) => language === "").map(({ code }) => code);
  const commands = page
    .filter(({ language }) => language === "sh")
    .flatMap(({ code }) => code.trim().split("\n"));
  expect(commands).toHaveLength(3);
  const cwd = folder({ "deals.csv": table });
  const printed: string[] = [];
  for (const [i, command] of commands.entries()) {
    const words = command.split(" ").slice(1);
    const quick = i === 2 ? ["--trials", "1", "--epochs", "2", "--folds", "2"] : [];
    const { code, stdout, stderr } = await fettle([...words, ...quick], cwd, { COLUMNS: "300" });
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("error")]);
    printed.push(stdout);
  }
  const joined = (text = "") => text.trim().replaceAll("\n", " "); // however wide the lines are
  expect(joined(printed[0].split("\n\n").at(-1))).toBe(joined(receipt));
  expect(printed[2]).toContain("classification of outcome (Won, Lost)");
  const { columns } = JSON.parse(readFileSync(join(cwd, "schema.json"), "utf8"));
  expect(columns.map(({ kind, doubt }: { kind: string; doubt?: string }) => [kind, doubt])).toEqual(
    ["number", "number", "number", "number", "category", "date", "category"].map((kind) => [kind, undefined]),
  );
});
