/**
 * `fettle worker`: runs trainings of a study of `fettle tune --queue` in another process, here or on another
 * machine.
 */
import { basename } from "node:path";
import { check, messageOf, show } from "../errors.js";
import { count } from "../report/format.js";
import type { StoredStudy, StudyStorage } from "../store/storage.js";
import { tuneWorker } from "../tune/resume/queued.js";
import { digestOfData } from "../tune/trial/receipt.js";
import { runWorker } from "../workers/queue/worker.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit.js";
import { isThere } from "./files.js";
import { type FlagsOf, jobCount, positiveNumber, text, turnOn } from "./flags.js";
import { takeInterrupts } from "./interrupt.js";
import { cappedJobs } from "./jobs.js";
import { quoted } from "./messages.js";
import { IN_STORAGE, openQueue, QUEUE } from "./queue.js";
import { commandOf, existingStudy, shownStorage, withStorage } from "./storageFile.js";
import { note, printLines } from "./streams.js";
import type { TuneFlags } from "./tuneFlags.js";
import { optionsOf } from "./tuneSearch.js";
import { readSetup } from "./tuneSetup.js";

const WORKER = {
  storage: text("<where>", "the file or the URL of the study"),
  study: text("<name>", "the name of the study; not needed if there is only one"),
  queue: { ...QUEUE, initial: IN_STORAGE },
  jobs: jobCount(1)("<n>", "worker threads; -1 for one per core, the default"),
  jobTimeout: positiveNumber("<seconds>", "time limit of a training; after three timeouts, its trial fails"),
  wait: turnOn("wait for the study to run, and to run again, instead of ending"),
};
type WorkerFlags = FlagsOf<typeof WORKER>;

export const define = defineCommand({
  description:
    "Run trainings of a study of fettle tune --queue, here or on another machine. It ends with the study. " +
    "A worker may be killed at any time: another takes over its work, and the results are the same.",
  arguments: [["[data.csv]", "the table of the study, if its path differs from that of fettle tune"]],
  flags: WORKER,
  after: `Ctrl-C or SIGTERM: the worker takes no more trainings, finishes those that it has, and ends. At the second signal it ends at once, and other workers take over.

Examples:
  fettle tune data.csv --target y --storage studies.db --study first --queue storage
  fettle worker --storage studies.db --study first
  fettle worker --storage studies.db --study first --queue postgres://host/jobs --wait
  fettle worker --storage postgres://host/studies --study first`,
  run,
});

/** @returns the exit code */
async function run(file: string | undefined, flags: WorkerFlags): Promise<number> {
  const { storage: path } = flags;
  check(path !== undefined, "--storage is missing: the file or the URL of the study");
  return withStorage(path, flags.queue === IN_STORAGE ? "use" : "look", async (storage) => {
    const name = flags.study ?? (await onlyStudy(storage, path));
    return workFor(await existingStudy(storage, path, name), file, flags);
  });
}

async function onlyStudy(storage: StudyStorage, path: string): Promise<string> {
  const [first, second] = await storage.studies();
  check(first !== undefined, () => `there is no study in ${show(shownStorage(path))}`, "not_found");
  check(
    second === undefined,
    () =>
      `--study is missing: ${show(shownStorage(path))} has several studies; to list them: npx fettle studies list --storage ${quoted(shownStorage(path))}`,
  );
  return first.name;
}

async function workFor(study: StoredStudy, file: string | undefined, flags: WorkerFlags): Promise<number> {
  const saved = commandOf(study);
  const table = file ?? saved.file;
  const where = `--storage ${quoted(shownStorage(flags.storage ?? ""))} --study ${quoted(study.name)}`;
  const other = `say where it is on this machine: npx fettle worker <data.csv> ${where}`;
  check(
    table !== "-" && isThere(table),
    () => `the table of study ${show(study.name)}, ${show(table)}, does not exist here; ${other}`,
    "not_found",
  );
  const jobs = cappedJobs(flags.jobs);
  const given = saved.flags as unknown as TuneFlags;
  const setup = await readSetup(table, given);
  const { data } = await digestOfData(setup.data);
  check(
    data === saved.data,
    () =>
      `${show(table)} must be the table that study ${show(study.name)} began with; its cells differ; ${other}`,
  );
  const worker = await tuneWorker({ ...optionsOf(setup, given), ...(jobs === undefined ? {} : { jobs }) });
  const queue = await openQueue(flags.queue, study.name, async () => study);
  const interrupt = takeInterrupts("the running trainings", { stop() {} });
  const { jobTimeout, wait = false } = flags;
  note(
    `Working for study ${show(study.name)} on ${basename(table)}: ${count(worker.jobs, "training")} at a time.`,
  );
  try {
    const report = await runWorker(queue, worker, {
      jobs: worker.jobs,
      wait,
      signal: interrupt.signal,
      ...(jobTimeout === undefined ? {} : { jobTimeout: Math.ceil(1000 * jobTimeout) }),
      onError: (error) => note(`The queue failed and will be retried: ${messageOf(error)}`),
    });
    const failed = report.failed > 0 ? `; ${report.failed} failed` : "";
    printLines([`${count(report.done, "training")} done${failed}.`]);
    // a worker that waits for studies ends only by a signal, which is no failure
    return (wait ? undefined : interrupt.exitCode) ?? EXIT.success;
  } finally {
    interrupt.release();
    await worker.close();
    await queue.close();
  }
}
