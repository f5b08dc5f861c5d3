// Entry on Node, Deno and Bun: one line of JSON on standard output.
import { smoke } from "./smoke.js";

console.log(JSON.stringify(await smoke()));
