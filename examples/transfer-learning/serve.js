/** `npm run example:transfer`: bundles the page and serves it on this machine. The argument is the port. */
import { context } from "esbuild";
import { bundle } from "./bundle.js";

const made = await context({ ...bundle("served"), write: false });
const { port } = await made.serve({ host: "127.0.0.1", port: Number(process.argv[2] ?? 8080) });
console.log(`http://localhost:${port}/index.html (Ctrl-C ends it)`);
