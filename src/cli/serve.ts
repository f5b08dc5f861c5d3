/**
 * `fettle serve`: a study whose trials other programs run: they ask and tell over HTTP. It runs no trial
 * itself.
 */
import { check, isRecord, show } from "../errors.js";
import { count } from "../report/format.js";
import { createScheduler } from "../search/schedulers/index.js";
import { type Space, spaceFromJson } from "../search/space/space.js";
import { createStrategy } from "../search/strategies/index.js";
import type { Direction } from "../search/trial/trial.js";
import { serveNode } from "../serve/node/server.js";
import { whyInvalidToken } from "../serve/token.js";
import { schedulerIn } from "../serve/trials/opened.js";
import { serveTrials } from "../serve/trials/server.js";
import type { StoredStudy, StudyStorage } from "../store/storage.js";
import { defineCommand } from "./command.js";
import { type FlagsOf, integer, names, PORT, positiveNumber, required, text } from "./flags.js";
import { untilStopped } from "./interrupt.js";
import { verbatim } from "./messages.js";
import { claimStudy, openStorage, shownStorage } from "./storageFile.js";
import { NO_SCHEDULER, POINTS, readSpace, STEPS, STRATEGIES, strategyOf } from "./strategyFlags.js";
import { note, printLines } from "./streams.js";

/** The lag of a new study, so that several clients can work at once. */
const LAG = 7;

const SERVE = {
  storage: required(
    text(
      "<where>",
      "keep the study in a file, folder/ or postgres://host/name; a file or folder is created if it does not exist",
    ),
  ),
  study: required(text("<name>", "the name of the study, which is created or resumed")),
  space: text("<file.json>", "the parameters to tune and their ranges, for a new study"),
  direction: names<readonly Direction[]>(
    "<words>",
    "minimize or maximize; several, separated by commas, give a Pareto front (default: minimize)",
  ),
  trials: integer(1)("<n>", "number of trials", 30),
  strategy: text(
    "<name>",
    `how points are suggested: ${STRATEGIES.join(", ")} (default: gp, or nsga2 for several directions)`,
  ),
  points: POINTS,
  scheduler: text("<name>", "how unpromising trials are pruned, by their reports: none, asha, median"),
  steps: STEPS,
  seed: integer(0)("<n>", "seed of the search (default: 0)"),
  lag: integer(0)(
    "<n>",
    `most recent trials that the strategy ignores; one more than that can run at once (default: ${LAG})`,
  ),
  lease: positiveNumber(
    "<seconds>",
    "how long a program may be silent before its trial is handed to another",
    60,
  ),
  port: PORT,
  host: text("<name>", "the address to listen on; 0.0.0.0 for all networks", "127.0.0.1"),
};
type ServeFlags = FlagsOf<typeof SERVE>;

export const define = defineCommand({
  description:
    "Open a study over HTTP: programs in any language ask for trials and tell their values. If a program " +
    "is lost, another gets its trial. Requests must carry the secret in the environment variable " +
    "FETTLE_TOKEN.",
  flags: SERVE,
  after: `Examples:
  export FETTLE_TOKEN=$(openssl rand -hex 32)
  fettle serve --space space.json --storage studies.db --study first --trials 100
  fettle serve --storage studies.db --study first --trials 200

examples/python/client.py is a program that asks and tells.`,
  run,
});

async function run(flags: ServeFlags): Promise<void> {
  const token = process.env.FETTLE_TOKEN;
  check(
    token !== undefined && token !== "",
    "the environment variable FETTLE_TOKEN must be set: the secret that requests carry: export FETTLE_TOKEN=$(openssl rand -hex 32)",
  );
  const wrong = whyInvalidToken(token);
  check(wrong === undefined, () => `FETTLE_${wrong?.replace("token", "TOKEN")}`);
  const space = flags.space === undefined ? undefined : readSpace(flags.space);
  const storage = await openStorage(flags.storage, flags.space === undefined ? "use" : "create");
  let giveUp: (() => Promise<void>) | undefined;
  try {
    giveUp = await claimStudy(flags.storage, flags.study, "send requests to it, or wait for it to end");
    const study = await storage.open(flags.study);
    const onError = (error: unknown): void =>
      note(`error: ${error instanceof Error ? error.stack : show(error)}`);
    const served = await serveTrials({ ...(await optionsOf(flags, space, storage, study)), token, onError });
    const server = await serveNode(served.fetch, { port: flags.port, hostname: flags.host, onError });
    const serving = `Serving study ${flags.study} at ${server.url}/studies/${flags.study}`;
    await untilStopped(() => printLines([serving]), server.close);
    const all = (await (await storage.open(flags.study))?.trials(false)) ?? [];
    const ended = all.filter(({ status }) => status !== "running").length;
    printLines([
      `Stopped: ${count(ended, "trial")} of study ${flags.study} in ${shownStorage(flags.storage)}`,
    ]);
  } finally {
    await storage.close();
    await giveUp?.();
  }
}

/** The options of a study: its flags, or else those that it began with. */
async function optionsOf(
  flags: ServeFlags,
  given: Space | undefined,
  storage: StudyStorage,
  study: StoredStudy | undefined,
) {
  const { direction, trials, lease: leaseSeconds } = flags;
  const before = study?.definition;
  check(
    given !== undefined || before !== undefined,
    () =>
      `there is no study ${show(flags.study)} in ${show(shownStorage(flags.storage))}; a new one needs --space`,
    "not_found",
  );
  const directions = direction ?? (before ? [before.direction].flat() : ["minimize" as const]);
  const isNamed = flags.strategy !== undefined || flags.points !== undefined || !before;
  const saved = isRecord(study?.settings) ? schedulerIn(study.settings) : undefined;
  const name = flags.scheduler ?? saved?.name ?? NO_SCHEDULER;
  const steps = flags.steps ?? saved?.steps;
  check(
    name === NO_SCHEDULER || steps !== undefined,
    "--scheduler needs --steps, the number of steps that a complete trial reports",
  );
  return {
    storage,
    study: flags.study,
    space: given ?? verbatim(() => spaceFromJson(before?.space)),
    strategy: isNamed
      ? await strategyOf(flags, directions.length)
      : createStrategy(before.strategy.name, before.strategy.options),
    direction: directions.length === 1 ? directions[0] : directions,
    trials,
    seed: flags.seed ?? before?.seed ?? 0,
    lag: flags.lag ?? before?.lag ?? LAG,
    leaseSeconds,
    ...(name !== NO_SCHEDULER && { scheduler: createScheduler(name, flags.scheduler ? {} : saved?.options) }),
    ...(steps !== undefined && { steps }),
  };
}
