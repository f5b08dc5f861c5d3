/** Files of hosts that have addresses only. */
import { FettleError } from "../errors.js";

export async function fetched(source: string | URL): Promise<Uint8Array> {
  let reason: string;
  try {
    const response = await fetch(source);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    reason = `the server answered ${response.status}`;
  } catch (cause) {
    reason = (cause as Error).message;
  }
  throw new FettleError("not_found", `cannot read ${JSON.stringify(String(source))}: ${reason}`);
}

export const noFiles = (host: string) => async (): Promise<void> => {
  throw new FettleError(
    "unsupported",
    `${host} has no files to write; keep the bytes that saveModel returns`,
  );
};
