// The same, for bundlers that do not follow `new URL(…, import.meta.url)`: for a stack the kernels of
// predictors, then all of them.
import all from "fettle/kernels.wasm"; // its address
import { ready } from "fettle/predict";
import few from "fettle/predict.wasm";
import { outcome } from "./predicted-outcome.js";

async function loadKernels(model) {
  const response = await fetch(new URL([few, all][model], import.meta.url));
  await ready({ module: await WebAssembly.compile(await response.arrayBuffer()) });
}

globalThis.reported = outcome(loadKernels);
