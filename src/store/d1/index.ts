/** Storages in Cloudflare D1, exported as `fettle/store/d1`. The library does not import it. */
export { type D1Answer, type D1Binding, type D1Options, type D1Prepared, d1Storage } from "./d1.js";
