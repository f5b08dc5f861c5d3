/** The page: trains on its own thread, which `fit` leaves free between steps, so that the bar is painted and the button works. */
import { ready } from "fettle";
import digitsCsv from "fettle/data/digits.csv";
import kernels from "fettle/kernels.wasm"; // its address, from esbuild's file loader
import { accuracyOf, EPOCHS, fineTune, newDigits, withNewEnd } from "./learning.js";
import json from "./model.json";
import weights from "./weights.bin";

const [start, stop, progress, state] = ["start", "stop", "progress", "state"].map((id) =>
  document.getElementById(id),
);
const bytesOf = async (file) => (await fetch(new URL(file, import.meta.url))).arrayBuffer();

const loaded = prepare();

async function prepare() {
  await ready({ module: await WebAssembly.compile(await bytesOf(kernels)) });
  return {
    model: await withNewEnd(json, new Uint8Array(await bytesOf(weights))),
    data: newDigits(digitsCsv),
  };
}

start.addEventListener("click", async () => {
  start.disabled = true;
  const { model, data } = await loaded;
  let isStopped = false;
  stop.onclick = () => (isStopped = true);
  stop.disabled = false;
  await fineTune(model, data.train, (epoch, { loss }) => {
    progress.value = epoch / EPOCHS;
    state.textContent = `Epoch ${epoch} of ${EPOCHS}, loss ${loss.toFixed(3)}`;
    return isStopped;
  });
  stop.disabled = true;
  state.textContent = `${isStopped ? "Stopped" : "Done"}: ${(100 * accuracyOf(model, data.test)).toFixed(1)} % of ${data.test.digits.length} other images are read`;
});
