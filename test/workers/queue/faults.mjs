/**
 * A queue whose messages are lost, doubled or delayed, each with a chance of a tenth.
 *
 * @param {import("fettle/queue").JobQueue} queue
 * @param {() => number} random - in [0, 1)
 * @param {(milliseconds: number) => Promise<void>} sleep
 * @param {number} delay - milliseconds at most
 * @returns {import("fettle/queue").JobQueue}
 */
export function unreliable(queue, random, sleep, delay) {
  /** @param {() => Promise<unknown>} message */
  const send = async (message) => {
    const fate = random();
    if (fate < 0.1) return; // lost
    if (fate < 0.2) {
      const late = sleep(random() * delay);
      void late.then(message).catch(() => {}); // delayed: the sender hears nothing of it
      return;
    }
    await message();
    if (fate < 0.3) await message();
  };
  return {
    put: (jobs) => send(() => queue.put(jobs)),
    remove: (names) => send(() => queue.remove(names)),
    ended: () => queue.ended(),
    end: () => queue.end(),
    close: () => queue.close(),
    async take(most) {
      const leases = await queue.take(most);
      return leases
        ?.filter(() => random() >= 0.1) // taken, and lost on the way
        .map((lease) => ({
          ...lease,
          extend: () => (random() < 0.1 ? Promise.resolve(true) : lease.extend()),
          complete: (outcome) => send(() => lease.complete(outcome)),
          fail: (reason) => send(() => lease.fail(reason)),
        }));
    },
  };
}
