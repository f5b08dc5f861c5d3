import type { JobQueue } from "fettle/queue";

export function unreliable(
  queue: JobQueue,
  random: () => number,
  sleep: (milliseconds: number) => Promise<void>,
  delay: number,
): JobQueue;
