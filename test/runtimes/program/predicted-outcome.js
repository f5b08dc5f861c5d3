/**
 * Predictions as a page of a user's has them, by which bundles are compared. `predicted-files.js` is written
 * before.
 */
import { loadPredictor } from "fettle/predict";
import files from "./predicted-files.js";

const x = Array.from({ length: 300 }, (_, i) => [i / 300, 1 / (i + 1)]);

async function predictions(model) {
  const bytes = Uint8Array.from(atob(files[model]), (character) => character.charCodeAt(0));
  return [...(await loadPredictor(bytes)).predict(x).data];
}

/** @param {(model: number) => Promise<void>} before - loads what a model needs, where the bundle cannot */
export async function outcome(before = async () => {}) {
  const all = [];
  for (const model of files.keys()) {
    await before(model);
    all.push(await predictions(model));
  }
  return JSON.stringify(all);
}
