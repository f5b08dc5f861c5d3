// Entry on the edge runtime: the same, for a host that knows service workers only.
import worker from "./worker.js";

addEventListener("fetch", (event) => event.respondWith(worker.fetch()));
