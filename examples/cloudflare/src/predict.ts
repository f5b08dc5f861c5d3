/** A Worker that predicts: a tuned model, bundled as a file, behind `modelServer`. */
import { modelServer } from "fettle/serve";
import model from "./tuned/model.fettle";

/** The secret of requests, available once the Worker is called. */
let token: string | undefined;
const predictions = modelServer(new Uint8Array(model), { token: () => token });

export default {
  fetch(request: Request, env: { readonly FETTLE_TOKEN?: string }): Promise<Response> {
    token = env.FETTLE_TOKEN;
    return predictions(request);
  },
};
