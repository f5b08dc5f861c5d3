/** A study by requests to `fettle/serve`, for hosts that resolve the package's entries. */
import { serveStudies } from "fettle/serve";
import { memoryStorage } from "fettle/store";

/** `tune` over HTTP: each `POST …/advance` runs one slice from the bytes in the storage. */
export async function overHttp({ jobs, ...options }) {
  const token = "0123456789abcdef";
  const server = serveStudies({
    token,
    storage: memoryStorage(),
    background: false,
    sliceSteps: 400,
    tuner: () => options,
  });
  const ask = async (method, path = "") => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await server.fetch(new Request(`https://host/studies/a${path}`, { method, headers }));
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.json();
  };
  await ask("POST");
  let status;
  do status = await ask("POST", "/advance");
  while (status.phase === "running");
  const { test, weights } = await ask("GET", "/result");
  return { trials: await ask("GET", "/trials"), final: { test, model: { getWeights: () => weights } } };
}
