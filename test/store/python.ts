/** Debian's Python, for tests that have its libraries as their oracle. `.ci/run` installs them. */
import { spawnSync } from "node:child_process";

export const PYTHON = "/usr/bin/python3";

/** Whether Debian's Python has a library. */
export function pythonHas(library: string): boolean {
  return spawnSync(PYTHON, ["-c", `import ${library}`]).status === 0;
}
