/**
 * What a step costs beside its arithmetic: a network so small that nearly all of its time is overhead,
 * and the growth of the JavaScript heap over many steps; and what arrays cost on their way in and out.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ourTraining, sizeName } from "../networks.js";
import { ourOptimizer } from "../optimizers.js";
import type { Peers } from "../peers.js";
import { plainRow, type Row } from "../row.js";
import { doors } from "./doors.js";
import { stepRows } from "./step.js";

const SIZES = [4, 4, 1];
const BATCH = 4;
const STEPS = 100_000;
/** Steps of a call of the engine, about an epoch. */
const EPOCH = 100;

export async function* overhead(peers: Peers): AsyncIterable<Row> {
  const size = sizeName(SIZES, BATCH);
  for await (const row of stepRows("overhead", peers, SIZES, BATCH)) {
    yield row;
    if (row.peerName === "products at peak" && row.peer !== null) {
      const name = `${row.name} less its arithmetic`;
      yield plainRow({ suite: "overhead", name, size }, "µs", row.ours - row.peer);
    }
  }
  const where = { suite: "overhead", name: `heap growth, ${STEPS} steps`, size };
  yield plainRow(where, "kB", heapGrowth() / 1000);
  yield* doors();
}

/** Bytes of JavaScript objects that are left over after many steps, once as many have gone before. */
function heapGrowth(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { train, free } = ourTraining(SIZES, BATCH, ourOptimizer("adam"));
  const trainOn = () => {
    for (let i = 0; i < STEPS; i += EPOCH) train(EPOCH);
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = trainOn();
  const growth = trainOn() - before;
  free();
  return growth;
}
