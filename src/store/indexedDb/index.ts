/** Storages in a page, exported as `fettle/store/indexeddb`, for browsers and their workers. Nothing of the library imports it. */
export { type IndexedDbOptions, indexedDbStorage } from "./indexedDb.js";
