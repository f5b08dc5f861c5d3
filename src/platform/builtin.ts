import { createRequire } from "node:module";

interface Builtins {
  "node:os": typeof import("node:os");
  "node:fs": typeof import("node:fs");
  "node:timers": typeof import("node:timers");
  "node:worker_threads": typeof import("node:worker_threads");
}

/**
 * A module of Node, loaded on first use: as imports, these took a third of Fettle's loading time. Bundlers do
 * not see this call, so it works the same inside a bundle of any format.
 */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const load = globalThis.process?.getBuiltinModule ?? createRequire(import.meta.url);
  return load(name) as Builtins[Name];
}
