/** The service worker: keeps the files of the page, so that it opens offline. A newer file from the server takes precedence. */
const CACHE = "fettle-page";

addEventListener("install", (event) => {
  const kept = async () => (await caches.open(CACHE)).addAll(await (await fetch("files.json")).json());
  event.waitUntil(kept());
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const page = request.mode === "navigate" ? "index.html" : request;
    const kept = await cache.match(page, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}
