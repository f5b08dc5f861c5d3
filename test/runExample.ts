/** Runs a file of `examples/` as `npm run example` does. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * What the example prints.
 *
 * @param name - of the file, without its ending
 */
export function runExample(name: string, ...args: readonly string[]): string {
  const tsx = fileURLToPath(import.meta.resolve("tsx/cli"));
  return execFileSync(process.execPath, [tsx, `examples/${name}.ts`, ...args], {
    cwd: root,
    encoding: "utf8",
  });
}
