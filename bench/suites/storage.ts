/**
 * What it costs to keep a trial: asked for, added and told, with every write waited for; beside Optuna's
 * RDBStorage on the same disk and the same server. Both suggest four parameters at random. And what it takes
 * to open 100,000 trials.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { choice, createStudy, float, int, random, type StudyJson } from "../../src/index.js";
import type { StudyStorage } from "../../src/store/index.js";
import { postgresStorage } from "../../src/store/postgres/index.js";
import { sqliteStorage } from "../../src/store/sqlite/index.js";
import { hasPostgres, PostgresServer } from "../../test/store/postgresServer.js";
import { eachOnce, inTurns, median } from "../measure.js";
import { type Row, speedRow } from "../row.js";

const PYTHON = "/usr/bin/python3";
const ROUNDS = 3;
/** Trials of a round. */
const TRIALS = 40;
/** Trials of a study that is opened. */
const MANY = 100_000;

const begun = () =>
  createStudy({
    space: {
      learningRate: float(1e-4, 1e-1, { log: true }),
      units: int(4, 64),
      dropout: float(0, 0.5),
      activation: choice(["relu", "tanh"]),
    },
    strategy: random(),
    direction: "minimize",
  });

type Open = () => Promise<StudyStorage>;

export async function* storage(): AsyncIterable<Row> {
  const folder = mkdtempSync(join(tmpdir(), "fettle-bench-storage-"));
  // as a server is used: a commit waits for the disk
  const server = hasPostgres ? await PostgresServer.start("fsync=on") : undefined;
  try {
    const file = (name: string): string => join(folder, name);
    const full = await sqliteStorage(file("full.db"), { synchronous: "full" });
    yield* kept("SQLite, waits for the disk", full, `sqlite:///${file("optuna-full.db")}`);
    const normal = await sqliteStorage(file("normal.db"));
    yield* kept("SQLite", normal, `sqlite:///${file("optuna.db")}`);
    if (server) {
      const alchemy = server.url.replace("postgres:", "postgresql+psycopg2:");
      yield* kept("PostgreSQL", await postgresStorage(server.url), alchemy);
    }
    const many = manyTrials();
    yield* opened("SQLite", () => sqliteStorage(file("many.db")), many);
    if (server) yield* opened("PostgreSQL", () => postgresStorage(server.url), many);
  } finally {
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A trial that is asked for, added and told. */
async function* kept(name: string, storage: StudyStorage, alchemy: string): AsyncIterable<Row> {
  let studies = 0;
  const ours = async (): Promise<number> => {
    const study = begun();
    const stored = await storage.create(`study ${studies++}`, study.toJSON());
    const seconds = await eachOnce(TRIALS, async () => {
      const trial = study.ask()!;
      await stored.add(trial);
      await stored.tell(study.tell(trial.number, { value: trial.params.learningRate }));
    });
    return median(seconds);
  };
  const program = fileURLToPath(new URL("../storage.py", import.meta.url));
  const optuna = (): number => {
    const { status, stdout, stderr } = spawnSync(PYTHON, [program, alchemy, `${TRIALS}`], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    return median(stdout.trim().split("\n").map(Number)) / 1000;
  };
  const packages = ["optuna", ...(name === "PostgreSQL" ? ["psycopg2"] : [])].join();
  const hasPeer = spawnSync(PYTHON, ["-c", `import ${packages}`]).status === 0;
  await ours(); // for just-in-time compilers
  const contestants: Record<string, () => number | Promise<number>> = hasPeer ? { ours, optuna } : { ours };
  const seconds: Readonly<Partial<Record<string, readonly number[]>>> = await inTurns(contestants, ROUNDS);
  await storage.close();
  yield speedRow(
    { suite: "storage", name, size: `a trial of ${TRIALS}` },
    "ms",
    { seconds: seconds.ours!, amount: 1 },
    "Optuna's RDBStorage",
    seconds.optuna && { seconds: seconds.optuna, amount: 1 },
  );
}

function manyTrials(): StudyJson {
  const study = begun();
  const { params } = study.ask()!;
  const trials = Array.from({ length: MANY }, (_, number) => ({
    number,
    value: number / 7,
    std: null,
    status: "complete" as const,
    seconds: null,
    params: { ...params, dropout: number / MANY / 2 },
  }));
  return { ...study.toJSON(), trials };
}

/** A storage that is opened with all trials of a study. */
async function* opened(name: string, open: Open, many: StudyJson): AsyncIterable<Row> {
  const first = await open();
  await first.create("many", many);
  await first.close();
  const seconds = await eachOnce(ROUNDS, async () => {
    const storage = await open();
    const trials = await (await storage.open("many"))?.trials();
    if (trials?.length !== MANY) throw new Error(`${name} has lost trials`);
    await storage.close();
  });
  yield speedRow({ suite: "storage", name: `${name}, opened`, size: `${MANY} trials` }, "ms", {
    seconds,
    amount: 1,
  });
}
