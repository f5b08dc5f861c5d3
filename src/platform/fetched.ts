/** Files at an address. */
import { FettleError, messageOf } from "../errors.js";

export async function fetched(source: string): Promise<Uint8Array> {
  let reason: string;
  try {
    const response = await fetch(source);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    reason = `the server answered ${response.status}`;
  } catch (cause) {
    reason = messageOf(cause);
  }
  throw new FettleError("not_found", `cannot read ${JSON.stringify(source)}: ${reason}`);
}
