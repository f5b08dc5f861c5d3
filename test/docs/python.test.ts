/**
 * The programs of other libraries beside ours: all are valid Python, and those run whose packages are there.
 */
import { execFile, execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { blocks } from "./blocks.js";

const programs = blocks.filter(({ language }) => language === "python");

/** Debian's Python first: the packages that it has are in its own folders. */
const PYTHONS = ["/usr/bin/python3", "python3"];

/** A Python that has all packages of a program. */
function pythonFor(code: string): string | undefined {
  const packages = new Set([...code.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name));
  const program = `import importlib.util as u, sys; sys.exit(any(u.find_spec(n) is None for n in ${JSON.stringify([...packages])}))`;
  return PYTHONS.find((python) => {
    try {
      execFileSync(python, ["-c", program], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

describe("a program in Python", { timeout: 120_000 }, () => {
  it.each(programs.map((block) => [`${block.page}, line ${block.line}`, block.code] as const))(
    "%s is valid",
    (_, code) => {
      const parse = "import ast, sys; ast.parse(sys.stdin.read())";
      execFileSync("python3", ["-c", parse], { input: code, stdio: ["pipe", "ignore", "pipe"] });
    },
  );

  it.each(
    programs.flatMap(({ page, line, code }) => {
      const python = pythonFor(code);
      return python === undefined ? [] : [[`${page}, line ${line}`, python, code] as const];
    }),
  )("%s runs, and prints its results", async (_, python, code) => {
    const { stdout } = await promisify(execFile)(python, ["-W", "ignore", "-c", code], { cwd: tmpdir() });
    expect(stdout.trim().split("\n")).toHaveLength(2);
  });

  it("is on each page that has a library of Python beside ours", () => {
    const pages = new Set(programs.map(({ page }) => page));
    expect([...pages].sort()).toEqual(
      ["keras", "optuna", "scikit-learn"].map((name) => `docs/coming-from-${name}.md`),
    );
  });
});
