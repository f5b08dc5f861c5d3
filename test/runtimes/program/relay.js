// Entry on workerd: goes on with a tuning from the bytes in a request's body, and answers with the bytes it
// came to.
import { restoreTuner } from "fettle";
import csv from "fettle/data/wine.csv";
import { partsOf } from "./study.js";

const parts = partsOf(csv);

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const bytes = new Uint8Array(await request.arrayBuffer());
    const tuner = await restoreTuner(bytes, parts[Number(searchParams.get("part"))]);
    await tuner.advance({ steps: Number(searchParams.get("steps")) });
    return new Response(tuner.save());
  },
};
