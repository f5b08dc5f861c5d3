/**
 * Asks for the lock of a folder and writes `held <when>` and `left <when>`, or `refused`, a number of times.
 * All processes of the machine share the clock. Words: module of the lock, folder, milliseconds to hold it
 * (0: without end), times.
 */
import { setTimeout as sleep } from "node:timers/promises";

const [, , module, folder, time, times] = process.argv;
const { lockFolder } = await import(module);
const tell = (text) => process.stdout.write(`${text}\n`);
for (let i = 0; i < Number(times); i++) {
  try {
    const lock = await lockFolder(folder);
    tell(`held ${process.hrtime.bigint()}`);
    do await sleep(Number(time));
    while (time === "0");
    tell(`left ${process.hrtime.bigint()}`);
    lock.release();
  } catch (error) {
    if (error.code !== "invalid_state") throw error;
    tell("refused");
  }
}
