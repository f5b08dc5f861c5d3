/** A request for predictions, and its response. The caller chooses the model and checks the token. */
import type { ErrorCode } from "../../errors.js";
import type { Tell } from "../../listener.js";
import { bodyType, jsonBody, LINES_TYPE } from "../body.js";
import type { Asked, Reply } from "../exchange.js";
import { json } from "../responses.js";
import { answeredLines, type Limits } from "./lines.js";
import { type RowAnswerer, RowFault } from "./rows.js";

/**
 * The predictions for the rows of a request, or the refusal of all of them.
 *
 * @throws FettleError `memory_limit`, `invalid_argument`, `invalid_shape` for a body without rows
 */
export async function predictions(
  answerer: RowAnswerer,
  request: Asked,
  limits: Limits,
  tell: Tell,
): Promise<Reply> {
  const type = bodyType(request);
  if (type === LINES_TYPE) {
    const headers = { "content-type": LINES_TYPE, "cache-control": "no-store" };
    return { status: 200, headers, body: answeredLines(request.body, answerer, limits, tell) };
  }
  const results = answerer.results(answerer.rowsOf(await jsonBody(request, limits.maxBytes), limits.maxRows));
  const faults = results.flatMap((result, row) =>
    result instanceof RowFault ? [{ row, column: result.column, message: result.message }] : [],
  );
  return faults.length === 0 ? json({ predictions: results }) : refusedRows(faults, results.length);
}

/** The most listed refused rows. */
const MOST_LISTED = 100;

function refusedRows(faults: readonly object[], rows: number): Reply {
  const more = Math.max(0, faults.length - MOST_LISTED);
  const message = `every row must fit the schema; received ${faults.length} of ${rows} that do not`;
  const error = { code: "invalid_data" satisfies ErrorCode, message };
  return json({ error, rows: faults.slice(0, MOST_LISTED), ...(more > 0 && { more }) }, 422);
}
