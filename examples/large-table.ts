/**
 * A table that is larger than memory: rides of a taxi, as CSV, of which a network learns the fare. The file is read in pieces of 256 kB.
 * The first piece decides how cells are read and how features are scaled, the second is for validation, and all others are trained on once,
 * batch by batch. Memory does not depend on the size of the file, which the example writes first and deletes at the end.
 *
 *     npm run example examples/large-table.ts [<megabytes>]
 */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline as pipe } from "node:stream/promises";
import {
  adam,
  applyPipeline,
  dense,
  encodeRows,
  encodeTable,
  fitPipeline,
  readTable,
  type Schema,
  sequential,
} from "fettle";

const [megabytes = 5000] = process.argv.slice(2).map(Number);
const PIECE = 2 ** 18;
const BATCH = 256;
const HEADER = "distance,minutes,hour,zone,passengers,fare\n";
const ZONES = ["airport", "centre", "harbour", "north", "south"];

const before = process.resourceUsage().maxRSS;
const folder = mkdtempSync(join(tmpdir(), "fettle-large-table-"));
try {
  const file = join(folder, "rides.csv");
  await pipe(Readable.from(made(megabytes * 1e6)), createWriteStream(file));
  await train(file);
} finally {
  rmSync(folder, { recursive: true });
}

/** The text of a table of about so many characters, in pieces. */
function* made(size: number): Generator<string> {
  yield HEADER;
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let written = HEADER.length; written < size; ) {
    const lines: string[] = [];
    for (let i = 0; i < 10_000; i++) {
      const distance = 20 * uniform() ** 2;
      const hour = Math.floor(24 * uniform());
      const zone = Math.floor(ZONES.length * uniform());
      const minutes = distance * (hour > 6 && hour < 20 ? 4 : 2.5) * (0.8 + 0.4 * uniform());
      const fare = (zone === 0 ? 15 : 3) + 1.6 * distance + 0.4 * minutes + uniform() - 0.5;
      const passengers = 1 + Math.floor(4 * uniform());
      lines.push(
        `${distance.toFixed(3)},${minutes.toFixed(2)},${hour},${ZONES[zone]},${passengers},${fare.toFixed(2)}\n`,
      );
    }
    const text = lines.join("");
    written += text.length;
    yield text;
  }
}

/** The lines of a file in pieces, without the first line. */
async function* pieces(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const text of createReadStream(file, {
    encoding: "utf8",
    start: HEADER.length,
    highWaterMark: PIECE,
  })) {
    const lines = rest + text;
    const end = lines.lastIndexOf("\n") + 1;
    rest = lines.slice(end);
    if (end > 0) yield lines.slice(0, end);
  }
}

async function train(file: string): Promise<void> {
  const read = (lines: string, schema?: Schema) => readTable(HEADER + lines, schema ? { schema } : {});
  const stream = pieces(file);
  const next = async (): Promise<string> => (await stream.next()).value;
  const first = read(await next());
  const data = encodeTable(first, { target: "fare", task: "regression" });
  const { pipeline } = fitPipeline(data);

  /** Rows as batches: features, scaled as in the first piece, and fares. */
  function* batches(lines: string, size: number) {
    const { columns, y = new Float64Array(0), rows } = encodeRows(read(lines, first.schema), data);
    const x = applyPipeline(pipeline, columns);
    const width = pipeline.features.length;
    for (let from = 0; from < rows; from += size) {
      const to = Math.min(from + size, rows);
      yield {
        x: { data: x.subarray(from * width, to * width), shape: [to - from, width] },
        y: y.subarray(from, to),
      };
    }
  }

  const [validation] = batches(await next(), 10_000);
  let rows = 0;
  async function* dataset() {
    for await (const lines of stream) {
      for (const batch of batches(lines, BATCH)) {
        rows += batch.y.length;
        yield batch;
      }
    }
  }
  const model = sequential([dense(32, { activation: "relu" }), dense(16, { activation: "relu" }), dense(1)]);
  model.compile({ optimizer: adam({ learningRate: 0.003 }), loss: "meanSquaredError", metrics: ["r2"] });
  const { history } = await model.fitDataset(dataset, { validationData: [validation.x, validation.y] });
  const peak = process.resourceUsage().maxRSS;
  const inMegabytes = (kibibytes: number): number => Math.round((kibibytes * 1024) / 1e6);
  console.log(`${rows} rows of ${megabytes} MB`);
  console.log(`loss ${history.loss[0].toFixed(3)}, r2 of validation ${history.valR2[0].toFixed(4)}`);
  console.log(`peak memory ${inMegabytes(peak)} MB, ${inMegabytes(peak - before)} MB above the start`);
}
