/**
 * Every block of docs/guide.md, in order: the commands, the program that predicts, the server and the program
 * that asks it. Needs `dist/`.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fettle } from "../cli/fettle.js";
import { blocks, blockWith, root, run } from "./blocks.js";
import { FETTLE_TOKEN, PageServer } from "./servers.js";

const PAGE = "docs/guide.md";
const folder = mkdtempSync(join(tmpdir(), "fettle-guide-"));
mkdirSync(join(folder, "examples/data"), { recursive: true });
cpSync(join(root, "examples/data/breast-cancer.csv"), join(folder, "examples/data/breast-cancer.csv"));
const server = new PageServer(PAGE, folder);
afterAll(() => {
  server.remove();
  rmSync(folder, { recursive: true });
});

const linesOf = (path: string) => readFileSync(join(folder, path), "utf8").trim().split("\n");

it("goes from a CSV to served predictions", { timeout: 300_000 }, async () => {
  const commands = blocks
    .filter(({ page, language }) => page === PAGE && language === "sh")
    .flatMap(({ code }) => code.trim().split("\n"));
  expect(commands).toHaveLength(5);
  const printed: string[] = [];
  for (const command of commands) {
    const [npx, name, ...words] = command.split(" ");
    expect([npx, name]).toEqual(["npx", "fettle"]);
    const { code, stdout, stderr } = await fettle(words, folder);
    expect([command, code, stderr]).toEqual([command, 0, expect.not.stringContaining("error")]);
    printed.push(stdout);
  }
  expect(printed[1]).toContain("Importance for logLoss");
  expect(printed[2]).toContain("16 trials: ");
  for (const file of ["model.fettle", "study.json", "trials.csv", "curves.csv", "summary.json"])
    expect(existsSync(join(folder, "study", file))).toBe(true);
  const predictions = linesOf("predictions.csv");
  expect(predictions).toHaveLength(linesOf("examples/data/breast-cancer.csv").length);
  const names = predictions[0].split(",");
  const [first] = predictions.slice(1).map((line) => line.split(","));
  const answer = first[names.findIndex((each) => each !== "diagnosis")];

  const code = await run(blockWith(PAGE, "loadPredictor("), folder);
  expect(code.trim()).toBe(answer);

  const port = await server.start();
  Object.assign(process.env, { PORT: String(port), FETTLE_TOKEN });
  expect(await run(blockWith(PAGE, "await fetch("), folder)).toBe(code);
  expect(await server.end("SIGTERM")).toBe(0);
});
