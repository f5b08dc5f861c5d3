// Entry on workerd: the same, as the answer to any request.
import { smoke } from "./smoke.js";

export default {
  async fetch() {
    try {
      return Response.json(await smoke());
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
