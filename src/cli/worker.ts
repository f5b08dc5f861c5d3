/** `fettle worker`: does trainings of a study that `fettle tune --queue` runs in another process, here or on another machine. */
import { basename } from "node:path";
import type { Command } from "commander";
import { check, messageOf, show } from "../errors.js";
import { count } from "../report/format.js";
import type { StoredStudy, StudyStorage } from "../store/storage.js";
import { tuneWorker } from "../tune/resume/queued.js";
import { digestOfData } from "../tune/trial/receipt.js";
import { runWorker } from "../workers/queue/worker.js";
import { EXIT } from "./exit.js";
import { quoted } from "./explain.js";
import { isThere } from "./files.js";
import { integer, positiveNumber } from "./flags.js";
import { takeInterrupts } from "./interrupt.js";
import { cappedJobs } from "./jobs.js";
import { IN_STORAGE, openQueue, QUEUE_FLAG } from "./queue.js";
import { commandOf, existingStudy, openStorage, shownStorage } from "./storageFile.js";
import { note, printLines } from "./streams.js";
import { optionsOf } from "./tuneSearch.js";
import { readSetup, type TuneFlags } from "./tuneSetup.js";

interface WorkerFlags {
  readonly storage?: string;
  readonly study?: string;
  readonly queue: string;
  readonly jobs?: number;
  readonly jobTimeout?: number;
  readonly wait?: true;
}

/** Adds the command; `done` receives the exit code. */
export function addWorkerCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command("worker")
    .summary("do trainings of a study that runs elsewhere")
    .description(
      "Do trainings of a study that fettle tune --queue runs in another process, here or on another machine. It ends with the study. A " +
        "worker may be killed at any time: what it was doing is done by another, and the results are the same.",
    )
    .argument("[data.csv]", "the table of the study, where it is not at the same path as for fettle tune")
    .option("--storage <where>", "the file or the URL of the database that the study is kept in")
    .option("--study <name>", "the name of the study; not needed if the database has one only")
    .option(...QUEUE_FLAG, IN_STORAGE)
    .option("--jobs <n>", "worker threads (default: one per core)", integer("--jobs", 1))
    .option(
      "--job-timeout <seconds>",
      "how long a training may take; after three that took longer, its trial has failed",
      positiveNumber("--job-timeout"),
    )
    .option("--wait", "wait for the study to run, and to run again, rather than end")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, flags: WorkerFlags) => done(await run(file, flags)));
}

const EXAMPLES = `
Ctrl-C or SIGTERM: the worker takes no more trainings, finishes those that it has, and ends; a second time it ends at
once, and other workers do them.

Examples:
  fettle tune data.csv --target y --storage studies.db --study first --queue storage
  fettle worker --storage studies.db --study first
  fettle worker --storage studies.db --study first --queue postgres://host/jobs --wait
  fettle worker --storage postgres://host/studies --study first`;

/** @returns the exit code */
async function run(file: string | undefined, flags: WorkerFlags): Promise<number> {
  const { storage: path } = flags;
  check(path !== undefined, "--storage is missing: the database that the study is kept in");
  const storage = await openStorage(path, flags.queue === IN_STORAGE ? "use" : "look");
  try {
    const name = flags.study ?? (await onlyStudy(storage, path));
    return await workFor(await existingStudy(storage, path, name), file, flags);
  } finally {
    await storage.close();
  }
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
    () => `the table of study ${show(study.name)}, ${show(table)}, is not here; ${other}`,
    "not_found",
  );
  const jobs = cappedJobs(flags.jobs);
  const begun = saved.flags as unknown as TuneFlags;
  const setup = await readSetup(table, begun);
  const { data } = await digestOfData(setup.data);
  check(
    data === saved.data,
    () =>
      `${show(table)} must be the table that study ${show(study.name)} began with; its cells differ; ${other}`,
  );
  const worker = await tuneWorker({ ...optionsOf(setup, begun), ...(jobs === undefined ? {} : { jobs }) });
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
      onError: (error) => note(`The queue failed, and is tried again: ${messageOf(error)}`),
    });
    const failed = report.failed > 0 ? `; ${report.failed} failed` : "";
    printLines([`${count(report.done, "training")} done${failed}.`]);
    // one that waits for studies ends by a signal alone, in good order
    return (wait ? undefined : interrupt.exitCode) ?? EXIT.success;
  } finally {
    interrupt.release();
    await worker.close();
    await queue.close();
  }
}
