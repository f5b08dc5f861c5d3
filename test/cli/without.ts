/** Not a test itself. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The surroundings of a command with a package that is not there.
 *
 * @param cwd - where a file is written for it
 */
export function without(name: string, cwd: string) {
  const hook = `export async function resolve(name, context, next) {
  if (name.split("/")[0] === ${JSON.stringify(name)}) throw new Error("not installed");
  return next(name, context);
}`;
  const register = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
  writeFileSync(join(cwd, "without.mjs"), register);
  return { env: { NODE_OPTIONS: `--import=${join(cwd, "without.mjs")}` } };
}
