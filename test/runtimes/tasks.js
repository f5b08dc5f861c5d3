/**
 * How long a page holds its main thread. A task's length is its processor time: where others have the
 * processor, a clock would tell of them. Tasks of other pages of the browser, some of which it opens by
 * itself, do not count.
 */

/** How often tasks are measured at most. */
const LOOKS = 5;
const MARK = "the page whose tasks are measured";

/**
 * The first look whose longest task is short enough, or the last of a few: what else the machine does makes a
 * task longer, and never shorter.
 *
 * @template {{ readonly longest: number }} Look
 * @param {number} most - milliseconds
 * @param {(last?: Look) => Promise<Look>} take
 */
export async function lookAtTasks(most, take) {
  let look = await take();
  for (let i = 1; i < LOOKS && look.longest > most; i++) look = await take(look);
  return look;
}

/**
 * The milliseconds of processor time of the longest task of a page's main thread while `work` lasts.
 *
 * @param {import("playwright-core").Browser} browser - Chromium
 * @param {import("playwright-core").Page} page
 * @param {() => Promise<void>} work
 * @throws Error if the tasks cannot be seen
 */
export async function longestTask(browser, page, work) {
  await browser.startTracing(undefined, { categories: ["toplevel", "blink.user_timing"] });
  await page.evaluate((mark) => performance.mark(mark), MARK);
  await work();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
  const threadOf = ({ pid, tid }) => `${pid} ${tid}`;
  const mark = traceEvents.find(({ name }) => name === MARK);
  if (mark === undefined) throw new Error("the main thread of the page is not traced");
  const lengths = traceEvents
    .filter((event) => event.name.endsWith("RunTask") && threadOf(event) === threadOf(mark))
    .map(({ tdur = 0 }) => tdur / 1000);
  if (lengths.length < 100) throw new Error(`only ${lengths.length} tasks of the page were traced`);
  return Math.max(...lengths);
}
