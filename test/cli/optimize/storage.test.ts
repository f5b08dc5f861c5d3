/**
 * `fettle optimize --storage` as a user runs it: killed, resumed, and with a study of Optuna. Needs `dist/`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createStudy, int, tpe } from "fettle";
import { memoryStorage } from "fettle/store";
import { exportToOptuna, sqliteStorage } from "fettle/store/sqlite";
import { expect, it } from "vitest";
import { fettle, folder, start } from "../fettle.js";

const SPACE = JSON.stringify({ x: { type: "int", low: 0, high: 1000 } });
/** Says that it runs, reports twice, and waits where trial 3 has to. */
const SCRIPT = `echo "$1" >> runs
echo '{"step": 1, "value": '$2'}'
[ "$1" = 3 ] && [ -n "$STUCK" ] && sleep 60
echo '{"step": 2, "value": '$(($2 / 2))'}'
echo $(( ($2 - 300) * ($2 - 300) ))
`;
const PROGRAM = ["--", "sh", "run.sh", "{trial}", "{x}"];
const stored = (name: string): string[] => ["--storage", "s.db", "--study", name];

async function kept(cwd: string, name: string) {
  const storage = await sqliteStorage(join(cwd, "s.db"));
  try {
    const study = await storage.open(name);
    const trials = (await study?.trials())?.map((trial) => ({ ...trial, seconds: null }));
    return { trials, reports: await study?.reports(0) };
  } finally {
    await storage.close();
  }
}

const runsIn = (cwd: string): string[] =>
  existsSync(join(cwd, "runs")) ? readFileSync(join(cwd, "runs"), "utf8").trim().split("\n") : [];

it("goes on after SIGKILL as if it had never stopped, and runs nothing again that has ended", async () => {
  const search = ["optimize", "--space", "space.json", "--strategy", "tpe", "--seed", "5"];
  const cwd = folder({ "space.json": SPACE, "run.sh": SCRIPT });
  const whole = await fettle([...search, "--trials", "12", ...stored("whole"), ...PROGRAM], cwd);
  expect([whole.code, whole.stderr]).toEqual([0, ""]);
  expect(whole.stdout).toContain("Kept in s.db");
  const before = runsIn(cwd).length;

  const words = [...search, "--trials", "8", ...stored("killed"), "--out", "logs", ...PROGRAM];
  const run = start(words, cwd, { env: { STUCK: "yes" } });
  while (runsIn(cwd).length < before + 4) await new Promise((resolve) => setTimeout(resolve, 20));
  run.kill("SIGKILL");
  await run.ended;
  expect((await kept(cwd, "killed")).trials?.filter(({ status }) => status === "complete")).toHaveLength(3);

  const again = ["optimize", ...stored("killed"), "--trials", "12", "--out", "logs"];
  const { code, stderr } = await fettle(again, cwd);
  expect([code, stderr]).toEqual([0, ""]);
  expect(runsIn(cwd).slice(before).map(Number)).toEqual([0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const [one, other] = [await kept(cwd, "whole"), await kept(cwd, "killed")];
  expect(other).toEqual(one);
  const x = one.trials?.[0].params.x as number;
  expect(one.reports).toEqual([
    { step: 1, value: x },
    { step: 2, value: Math.floor(x / 2) },
  ]);
  expect(readFileSync(join(cwd, "logs/trials/11/stdout.txt"), "utf8")).toContain('{"step": 1');
  // the files of the study are there too, those of this study alone
  const { trials: written } = JSON.parse(readFileSync(join(cwd, "logs/study.json"), "utf8"));
  expect(written.map(({ number }: { number: number }) => number)).toEqual([...Array(12).keys()]);
  expect(existsSync(join(cwd, "logs/report.html"))).toBe(true);
  const taken = await fettle(["optimize", ...stored("whole"), "--out", "logs"], cwd);
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('"logs" has study.json already')]);
  const refused = await fettle([...again, "--seed", "6"], cwd);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--seed must be 5, as study")]);
});

it("goes on with a study that came from Optuna", async () => {
  const cwd = folder({ "run.sh": SCRIPT });
  const study = createStudy({
    space: { x: int(0, 1000) },
    strategy: tpe(),
    direction: "maximize",
    seed: 3,
  });
  await study.optimize(({ x }) => -x, { trials: 4 });
  const made = await memoryStorage().create("theirs", study.toJSON());
  await exportToOptuna(made, join(cwd, "optuna.db"));
  const from = ["--optuna", "optuna.db", "--study", "theirs", "--as", "mine"];
  const imported = await fettle(["studies", "import", ...from, "--storage", "s.db"], cwd);
  expect(imported.code).toBe(0);
  const words = ["optimize", ...stored("mine"), "--trials", "6", ...PROGRAM];
  const { code, stderr } = await fettle(words, cwd);
  expect([code, stderr]).toEqual([0, ""]);
  expect(runsIn(cwd)).toEqual(["4", "5"]);
  expect((await kept(cwd, "mine")).trials).toHaveLength(6);
  const other = await fettle([...words.slice(0, 5), "--direction", "minimize", ...words.slice(5)], cwd);
  expect(other.stderr).toContain("--direction must be");
});
