// The same, for bundlers that do not follow `new URL(…, import.meta.url)`: the kernels are a file of the
// bundle's own.
import { ready } from "fettle";
import kernels from "fettle/kernels.wasm"; // its address
import { outcome } from "./bundled-outcome.js";

async function loadKernels() {
  const response = await fetch(new URL(kernels, import.meta.url));
  await ready({ module: await WebAssembly.compile(await response.arrayBuffer()) });
}

globalThis.reported = loadKernels().then(outcome);
