/** How a client keeps a trial: only the reports of its holder count. */
import { check } from "../../errors.js";
import type { Leases } from "../../leases.js";

/**
 * Renews the lease of a client that reports. A client may claim a trial that nobody had in this process,
 * since the server may have restarted.
 *
 * @returns the seconds since the trial was handed out; undefined if unknown
 * @throws FettleError `conflict` if it is not, or no longer, the client's
 */
export function renew(leases: Leases<number>, number: number, id: string): number | undefined {
  const held = leases.of(number);
  check(
    held === undefined || held.holder === id,
    () =>
      `trial ${number} is another client's, or free again: its lease has expired or was released; drop the trial ` +
      "and ask for the next. A client that takes longer than a lease between two reports must send reports " +
      "without a step",
    "conflict",
  );
  const seconds = leases.age(number) / 1000;
  leases.give(number, id, Number.NaN);
  return Number.isNaN(seconds) ? undefined : seconds;
}
