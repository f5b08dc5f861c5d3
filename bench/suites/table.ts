/**
 * A table of 500,000 rows and 30 columns, from a file to a scaled float32 matrix, beside pandas and
 * scikit-learn; each in a process of its own, in turns. Memory is that of the whole process at its peak.
 * Fettle is loaded as built for Node.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RandomStream } from "../../src/numerics/random.js";
import { median } from "../measure.js";
import { plainRow, type Row } from "../row.js";

const ROUNDS = 5;
const ROWS = 500_000;
/** Columns of numbers with four decimals, of integers, and of words; and the target. */
const [DECIMALS, INTEGERS, WORDS] = [24, 3, 2];
const PYTHON = "/usr/bin/python3";

/** Prints seconds of reading, seconds in all, and the peak in bytes. */
const ours = (file: string): string => `
import { openSync, readFileSync, readSync, statSync } from "node:fs";
import { encodeTable, fitPipeline, readTable } from ${JSON.stringify(new URL("../../dist/node/index.js", import.meta.url).href)};
const pieces = {
  about: statSync(${JSON.stringify(file)}).size,
  *[Symbol.iterator]() {
    const file = openSync(${JSON.stringify(file)});
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(2 ** 18);
    for (let count; (count = readSync(file, buffer)) > 0; ) yield decoder.decode(buffer.subarray(0, count), { stream: true });
    yield decoder.decode();
  },
};
const start = performance.now();
const table = readTable(pieces);
const read = performance.now();
fitPipeline(encodeTable(table, { target: "y" }));
const end = performance.now();
const peak = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
console.log((read - start) / 1000, (end - start) / 1000, 1024 * peak);
`;

export async function* table(): AsyncIterable<Row> {
  const folder = mkdtempSync(join(tmpdir(), "fettle-table-"));
  try {
    const file = join(folder, "table.csv");
    writeTable(file);
    const hasPandas = spawnSync(PYTHON, ["-c", "import pandas, sklearn"]).status === 0;
    const program = fileURLToPath(new URL("../table.py", import.meta.url));
    const [own, theirs]: number[][][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      own.push(numbersOf(process.execPath, ["--input-type=module", "--eval", ours(file)]));
      if (hasPandas) theirs.push(numbersOf(PYTHON, [program, file, "y"]));
    }
    const at = (runs: number[][], part: number): number | undefined =>
      runs.length === 0 ? undefined : median(runs.map((run) => run[part]));
    const where = { suite: "table", size: `${ROWS} × ${DECIMALS + INTEGERS + WORDS + 1}` };
    const row = (name: string, unit: string, part: number, per: number): Row => {
      const peer = at(theirs, part);
      return plainRow(
        { ...where, name },
        unit,
        (at(own, part) as number) / per,
        "pandas, scikit-learn",
        peer && peer / per,
      );
    };
    yield row("read", "s", 0, 1);
    yield row("read, encoded and scaled", "s", 1, 1);
    yield row("peak of the process", "MB", 2, 1e6);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeTable(path: string): void {
  const random = new RandomStream(14, 2);
  const file = openSync(path, "w");
  const names = [
    ...Array.from({ length: DECIMALS }, (_, j) => `x${j}`),
    ...Array.from({ length: INTEGERS }, (_, j) => `n${j}`),
    ...Array.from({ length: WORDS }, (_, j) => `w${j}`),
    "y",
  ];
  writeSync(file, `${names.join(",")}\n`);
  let lines: string[] = [];
  for (let i = 1; i <= ROWS; i++) {
    const cells = [
      ...Array.from({ length: DECIMALS }, () => (8 * random.uniform() - 4).toFixed(4)),
      ...Array.from({ length: INTEGERS }, () => random.integer(1000)),
      ...Array.from({ length: WORDS }, (_, j) => `word${random.integer(4 + 16 * j)}`),
      random.integer(2),
    ];
    lines.push(cells.join(","));
    if (i % 10_000 > 0 && i < ROWS) continue;
    writeSync(file, `${lines.join("\n")}\n`);
    lines = [];
  }
  closeSync(file);
}

function numbersOf(command: string, args: readonly string[]): number[] {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the program that is measured failed:\n${stderr}`);
  return stdout.trim().split(" ").map(Number);
}
