/**
 * Rows as they arrive, one per line, and an answer line for each. Of a stream of any length, only a line and
 * the rows that arrived with it are kept. rows.ts defines rows.
 */
import { FettleError, isA } from "../../errors.js";
import type { Tell } from "../../listener.js";
import type { Answer } from "../../predict/answers.js";
import { Bytes, decoded, nextPiece, parsed } from "../body.js";
import type { PieceReader, Pieces } from "../exchange.js";
import { UNEXPECTED } from "../faults.js";
import { type RowAnswerer, RowFault } from "./rows.js";

/** The most bytes read at a time. */
export interface Limits {
  /** Rows answered together. */
  readonly maxRows: number;
  /** Bytes of a line. */
  readonly maxBytes: number;
}

/**
 * A line for each line of `body` that is not blank, in the same order: the answer, or
 * `{ "error", "row", "column" }`. After a line that is too long, or a truncated body, the last line is
 * `{ "error" }`.
 *
 * @param tell - receives errors that the last line does not show
 */
export function answeredLines(
  body: Pieces | null,
  answerer: RowAnswerer,
  limits: Limits,
  tell: Tell,
): ReadableStream<Uint8Array> {
  const reader = body?.getReader();
  const encoder = new TextEncoder();
  const lines = reader ? answers(reader, answerer, limits, tell) : undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await lines?.next();
      if (!next || next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    cancel: (reason) => reader?.cancel(reason),
  });
}

async function* answers(
  reader: PieceReader,
  answerer: RowAnswerer,
  limits: Limits,
  tell: Tell,
): AsyncGenerator<string, void> {
  let first = 0;
  try {
    for await (const rows of batches(reader, limits)) {
      const results = answerer.results(rows);
      yield results.map((result, i) => lineOf(result, first + i)).join("");
      first += rows.length;
    }
  } catch (error) {
    if (isA(error, FettleError)) return yield errorLine(error.code, error.message);
    tell(error);
    yield errorLine("internal", UNEXPECTED);
  }
}

function lineOf(result: Answer | RowFault, row: number): string {
  if (!(result instanceof RowFault)) return `${JSON.stringify(result)}\n`;
  const { message, column } = result;
  return errorLine("invalid_data", message, { row, column });
}

const errorLine = (code: string, message: string, place: object = {}): string =>
  `${JSON.stringify({ error: { code, message }, ...place })}\n`;

/**
 * The rows of complete lines, grouped as they arrived; a row is undefined for a line that is not JSON in
 * UTF-8.
 */
async function* batches(reader: PieceReader, { maxRows, maxBytes }: Limits): AsyncGenerator<unknown[], void> {
  const line = new Bytes("a line", maxBytes);
  let rows: unknown[] = [];
  const endLine = (): void => {
    const text = decoded(line.take());
    if (text?.trim() !== "") rows.push(text === undefined ? undefined : parsed(text));
  };
  try {
    for (;;) {
      const piece = await nextPiece(reader);
      if (!piece) break;
      let from = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
        line.append(piece.subarray(from, end));
        from = end + 1;
        endLine();
        if (rows.length < maxRows) continue;
        yield rows;
        rows = [];
      }
      line.append(piece.subarray(from));
      if (rows.length === 0) continue;
      yield rows;
      rows = [];
    }
    endLine();
  } catch (error) {
    // a line that is too long, after others that are not
    if (rows.length > 0) yield rows;
    throw error;
  }
  if (rows.length > 0) yield rows;
}

const NEWLINE = 10;
