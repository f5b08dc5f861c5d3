// Entry on workerd: the report, as the answer to any request.
import csv from "fettle/data/wine.csv";
import { report } from "./report.js";

export default {
  async fetch() {
    try {
      return Response.json(await report(csv, 1, () => import("./http.js")));
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
