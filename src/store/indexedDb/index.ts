/**
 * Storages in a page, exported as `fettle/store/indexeddb`, for browsers and their workers. The library does
 * not import it.
 */
export { type IndexedDbOptions, indexedDbStorage } from "./indexedDb.js";
