/**
 * Programs as trials: what becomes of their output, and how they end. They are lines for `sh`, which starts
 * in a few milliseconds.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { readCommand } from "../../../src/cli/optimize/command.js";
import { Programs, type ValueSource } from "../../../src/cli/optimize/programs.js";
import { TrialFolders } from "../../../src/cli/optimize/trialFolder.js";
import {
  choice,
  float,
  halving,
  medianStopping,
  random,
  type Scheduler,
  type Space,
  tune,
} from "../../../src/index.js";
import { folder } from "../fettle.js";

interface Options {
  readonly space?: Space;
  readonly metrics?: readonly string[];
  readonly source?: ValueSource;
  readonly env?: boolean;
  readonly trials?: number;
  readonly jobs?: number;
  readonly scheduler?: Scheduler;
  readonly steps?: number;
  /** Milliseconds. */
  readonly trialTimeout?: number;
  readonly grace?: number;
  readonly out?: string;
}

/** Runs trials of a program, and returns their records and their folders. */
async function run(words: readonly string[], options: Options = {}) {
  const {
    space = { x: float(0, 1) },
    metrics = ["value"],
    source = "last-line",
    env = true,
    grace = 2000,
  } = options;
  const { trials = 1, jobs = 1, scheduler, steps = 4, trialTimeout = 60_000 } = options;
  const folders = TrialFolders.open(options.out ?? folder());
  const command = readCommand(words, space, env);
  const programs = new Programs({ command, metrics, source, grace, folders });
  const study = { trials: [] as unknown[] };
  const result = await tune({
    space,
    trials,
    jobs,
    trialTimeout,
    lag: 0,
    strategy: random(),
    objective: programs.objective,
    direction: metrics.length === 1 ? "minimize" : metrics.map(() => "minimize" as const),
    ...(scheduler && { scheduler, steps }),
    onEvent: (event) => event.type === "trialEnded" && study.trials.push(event.record),
  }).catch(() => undefined);
  await programs.ended();
  const records = (result?.trials ?? study.trials) as NonNullable<typeof result>["trials"];
  const read = (file: string, number = 0) => readFileSync(join(folders.of(number), file), "utf8");
  return { records, first: records[0], read, folderOf: (number: number) => folders.of(number) };
}

/** A line for a shell, whose braces are its own. */
const sh = (line: string, options?: Options) => run(["sh", "-c", line.replaceAll("{", "{{")], options);

/** A process, by the number in a file that it wrote, is gone; after SIGKILL the system may take a moment. */
async function expectEnded(pid: string): Promise<void> {
  // one that has ended may wait for someone to ask for its exit code
  const path = `/proc/${pid.trim()}/stat`;
  const isLeft = () => existsSync(path) && !/\) [ZX] /.test(readFileSync(path, "utf8"));
  await expect.poll(isLeft, { timeout: 20_000 }).toBe(false);
}

describe("the value", () => {
  it("is the last line that says one; output, errors and parameters are kept", async () => {
    const { first, read } = await sh("echo 3; echo; echo 2.5; echo ready; echo oops >&2");
    expect(first).toMatchObject({ status: "complete", value: 2.5 });
    expect([read("stdout.txt"), read("stderr.txt")]).toEqual(["3\n\n2.5\nready\n", "oops\n"]);
    expect(JSON.parse(read("params.json"))).toEqual(first.params);
  });

  it("is in the file that the trial names, or the exit code", async () => {
    const file = await sh('echo "{\\"value\\": 4}" > "$FETTLE_FOLDER/m.json"; echo 9', {
      source: { file: "m.json" },
    });
    expect(file.first.value).toBe(4);
    const none = await sh("echo 9", { source: { file: "m.json" } });
    expect(none.first.error).toBe('the program did not write "m.json" into the folder of its trial');
    const code = await sh("exit 7", { source: "exit-code" });
    expect(code.first).toMatchObject({ status: "complete", value: 7 });
  });

  it("may be several", async () => {
    const line = 'echo "{\\"loss\\": 1, \\"seconds\\": 2}"';
    const { first } = await sh(line, { metrics: ["loss", "seconds"], trials: 2 });
    expect(first).toMatchObject({ status: "complete", values: [1, 2] });
  });

  it.each([
    ["echo nan", { status: "diverged", value: null }],
    [
      "echo hello",
      {
        status: "failed",
        error: expect.stringMatching(
          /^the program printed no value: no line is a number, or \{"value": …\}$/,
        ),
      },
    ],
    [
      "echo 1; echo bad >&2; echo worse >&2; exit 3",
      {
        status: "failed",
        error: "the program ended with exit code 3; its standard error ends with:\nbad\nworse",
      },
    ],
    ["echo 1; kill -SEGV $$", { status: "failed", error: "the program was ended by SIGSEGV" }],
    [
      'echo "{\\"step\\": 2, \\"value\\": 1}"; echo "{\\"step\\": 2, \\"value\\": 1}"',
      {
        status: "failed",
        error: expect.stringMatching(/^a step must be an integer above 2, the previous one; received 2 in/),
      },
    ],
  ])("%s", async (line, outcome) => {
    expect((await sh(line)).first).toMatchObject(outcome);
  });

  it("of a program that does not exist is a failed trial, and the next one runs", async () => {
    const space = { program: choice(["no-such-program", "/bin/echo"]) };
    const { records } = await run(["{program}", "5"], { space, trials: 12 });
    const failed = records.filter(({ params }) => params.program === "no-such-program");
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(12);
    for (const record of records)
      expect(record).toMatchObject(
        failed.includes(record)
          ? { status: "failed", error: 'cannot start "no-such-program": there is no such file' }
          : { status: "complete", value: 5 },
      );
  });
});

it("parameters reach a program in a file, by its path", async () => {
  const { first } = await run(["sh", "-c", 'tr -d "\\n" < "$1"', "sh", "{params}"], {
    metrics: ["x"],
    env: false,
  });
  expect(first).toMatchObject({ status: "complete", value: first.params.x });
});

it("values reach a program as they are: no shell reads them", async () => {
  const words = [
    "a b",
    'it\'s "quoted"',
    "; echo 7",
    "$(echo 7)",
    "`echo 7`",
    "-n",
    "*",
    "new\nline",
    "é{lr}",
    "",
  ];
  const space = { word: choice(words) };
  const line =
    'printf %s "$1" > "$FETTLE_FOLDER/arg"; printf %s "$FETTLE_WORD" > "$FETTLE_FOLDER/env"; echo 1';
  const { records, read } = await run(["sh", "-c", line, "sh", "{word}"], { space, trials: 40, jobs: 4 });
  for (const { number, params } of records)
    expect([read("arg", number), read("env", number)]).toEqual([params.word, params.word]);
  expect(new Set(records.map(({ params }) => params.word)).size).toBeGreaterThan(7);
});

it("100 MB of output are kept whole on the disk, and not in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    collect(); // the memory of buffers is given back by the next
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const out = folder();
  let after: number | undefined;
  const timer = setInterval(() => {
    const file = join(out, "trials/0/stdout.txt");
    if (after === undefined && existsSync(file) && statSync(file).size > 50e6) after = held();
  }, 5);
  const line = "head -c 60000000 /dev/zero; yes 'a line of a program' | head -c 40000000; echo; echo 6";
  const { first, folderOf } = await sh(line, { out });
  clearInterval(timer);
  expect(first).toMatchObject({ status: "complete", value: 6 });
  expect(statSync(join(folderOf(0), "stdout.txt")).size).toBe(100_000_003);
  // a line of at most 64 kB, the tail of 4 kB, and the pieces of two pipes; of 50 MB at least
  expect(after! - before).toBeLessThan(2e6);
});

describe("the end", () => {
  it("of a trial that takes too long ends its program, with all that it has started, and one that ignores SIGTERM too", async () => {
    const line = `trap "echo told >> $FETTLE_FOLDER/told" TERM; (trap "" TERM; while :; do sleep 0.05; done) &
      echo $! > "$FETTLE_FOLDER/child"; echo $$ > "$FETTLE_FOLDER/own"; while :; do sleep 0.05; done`;
    const { first, read } = await sh(line, { trialTimeout: 2000, grace: 200 });
    expect(first).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/took longer than trialTimeout, 2000 ms/),
    });
    await expectEnded(read("child"));
    await expectEnded(read("own"));
  });

  it("of all programs comes at once, if the command ends at once", async () => {
    const space: Space = { x: float(0, 1) };
    const folders = TrialFolders.open(folder());
    const command = readCommand(["sh", "-c", 'echo > "$FETTLE_FOLDER/began"; sleep 60'], space, true);
    const settings = { command, metrics: ["value"], source: "last-line", grace: 50_000, folders } as const;
    const programs = new Programs(settings);
    const ended = tune({
      space,
      strategy: random(),
      trials: 1,
      direction: "minimize",
      objective: programs.objective,
    });
    await expect.poll(() => existsSync(join(folders.of(0), "began"))).toBe(true);
    programs.kill();
    await expect(ended).rejects.toThrow(/SIGKILL/);
  });

  it("of a paused program asks it to end, and wakes it for that", async () => {
    const line = `trap 'echo asked > "$FETTLE_FOLDER/end"; exit' TERM; kill -STOP $$; sleep 60`;
    const { first, read } = await sh(line, { trialTimeout: 2000, grace: 20_000 });
    expect(first.status).toBe("failed");
    expect(read("end")).toBe("asked\n");
  });

  it("of a program ends what it has left behind, even if that holds its output", async () => {
    const { first, read } = await sh('sleep 60 & echo $! > "$FETTLE_FOLDER/child"; echo 2', { grace: 100 });
    expect(first).toMatchObject({ status: "complete", value: 2 });
    await expectEnded(read("child"));
    // this one is in no group of ours, and is not waited for
    const other = await sh("setsid sleep 3 & echo 2", { grace: 100 });
    expect(other.first).toMatchObject({ status: "complete", value: 2 });
  });

  it("waits for what is still writing within its time", async () => {
    const { read } = await sh("(sleep 0.2; echo late) & echo 2");
    expect(read("stdout.txt")).toBe("2\nlate\n");
  });
});

describe("a scheduler", () => {
  /** Prints 4 steps with a value that stays, and then that it has not been ended. */
  const line = `for s in 1 2 3 4; do echo "{\\"step\\": $s, \\"value\\": $FETTLE_X}"; sleep 0.1; done; echo end >&2`;

  it("prunes a program by the steps that it prints", async () => {
    const scheduler = medianStopping({ startupTrials: 2 });
    const { records, read } = await sh(line, { trials: 6, scheduler });
    // the same rule, written once more: at each step, worse than the median of those that came as far
    const values = records.map(({ params }) => params.x as number);
    const steps: number[] = [];
    for (const [i, { status }] of records.entries()) {
      let step = 1;
      for (; step < 4; step++) {
        const others = values.filter((_, j) => j < i && steps[j] >= step).sort((a, b) => a - b);
        const middle = (others[(others.length - 1) >> 1] + others[others.length >> 1]) / 2;
        if (others.length >= 2 && values[i] > middle) break;
      }
      steps.push(step);
      expect(status).toBe(step < 4 ? "pruned" : "complete");
      expect(read("stderr.txt", i)).toBe(step < 4 ? "" : "end\n");
    }
    expect(records.some(({ status }) => status === "pruned")).toBe(true);
  });

  it("makes programs wait that others are compared with, and they go on to their end", async () => {
    const scheduler = halving({ reduction: 2 });
    const { records, read } = await sh(line, { trials: 4, jobs: 2, scheduler });
    const complete = records.filter(({ status }) => status === "complete");
    expect(complete.map(({ value }) => value)).toEqual([
      Math.min(...records.map(({ params }) => params.x as number)),
    ]);
    expect(read("stderr.txt", complete[0].number)).toBe("end\n");
  });

  it("loses nothing of a program that has ended while its trial waits", async () => {
    const fast = line.replace("sleep 0.1; ", "").replace("; echo end", "; echo 7; echo end");
    const { records } = await sh(fast, { trials: 4, jobs: 1, scheduler: halving({ reduction: 2 }) });
    expect(records.filter(({ status }) => status === "complete").map(({ value }) => value)).toEqual([7]);
  });
});
