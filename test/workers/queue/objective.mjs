/** What the workers of these tests evaluate: the same in each process. */

/** @param {{ x: number, y: number }} params @param {{ number: number, seed: number }} trial */
export function objective({ x, y }, { number, seed }) {
  if (number % 11 === 7) throw new Error(`trial ${number} fails`);
  return (x - 1) ** 2 + (y + 2) ** 2 + (seed % 1000) / 1e6;
}

/** Does what no objective should: ends the process, never yields, or never ends. */
export async function misbehaved(params, trial) {
  if (trial.number === 2) process.exit(3);
  if (trial.number === 4) for (;;);
  if (trial.number === 6) await new Promise(() => {});
  return params.x;
}
