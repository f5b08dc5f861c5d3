/** Entry of a page that stores: leaves functions for the driver. */
import { ready } from "fettle";
import kernels from "fettle/kernels.wasm"; // its address, from esbuild's file loader
import { indexedDbStorage } from "fettle/store/indexeddb";
import { checkStorage } from "fettle/testing";
import { emptyStudy, finished, search } from "./stored.js";

const kept = [];
const wordsOf = (work) =>
  work().then(
    () => "nothing is refused",
    ({ code, message }) => `${code}: ${message}`,
  );

const page = {
  kept,
  async laws(numRuns) {
    const names = [];
    const open = () => {
      names.push(`law ${names.length}`);
      return Promise.all([indexedDbStorage(names.at(-1)), indexedDbStorage(names.at(-1))]);
    };
    await checkStorage(open, { seed: 1, numRuns });
    for (const name of names) indexedDB.deleteDatabase(name);
    return names.length;
  },
  search: async (name, milliseconds) =>
    search(await indexedDbStorage(name), milliseconds, (number) => kept.push(number)),
  finished: async (name) => finished(await indexedDbStorage(name)),
  /** Another tab upgrades a database while this one uses it. */
  async upgrade(name) {
    const storage = await indexedDbStorage(name);
    const later = indexedDB.open(name, 7);
    await new Promise((resolve, reject) => Object.assign(later, { onsuccess: resolve, onerror: reject }));
    later.result.close();
    return [await wordsOf(() => storage.studies()), await wordsOf(() => indexedDbStorage(name))];
  },
  /** More than there is space for. */
  async fill(name, megabytes) {
    const storage = await indexedDbStorage(name);
    const study = await storage.create("study", emptyStudy());
    await study.keep("small", Uint8Array.of(1));
    // random, since a browser may compress what it keeps
    const large = new Uint8Array(megabytes * 2 ** 20);
    for (let at = 0; at < large.length; at += 65_536) crypto.getRandomValues(large.subarray(at, at + 65_536));
    const words = await wordsOf(() => study.keep("large", large));
    return [words, (await study.artifacts()).map((each) => each.name).join()];
  },
};
globalThis.page = page;
const file = fetch(new URL(kernels, import.meta.url)).then((response) => response.arrayBuffer());
globalThis.reported = file.then(async (bytes) => {
  await ready({ module: await WebAssembly.compile(bytes) });
  return true;
});
