/**
 * How vitest runs the tests that mutants are held to: the files of FETTLE_MUTANT_TESTS, in their order, in
 * one module graph.
 */
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import base from "../../vitest.config.ts";

const tests = process.env.FETTLE_MUTANT_TESTS.split(" ");

class AsListed extends BaseSequencer {
  async sort(files) {
    const place = ({ moduleId }) =>
      tests.indexOf(relative(this.ctx.config.root, moduleId).replaceAll("\\", "/"));
    return [...files].sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig((environment) => {
  const {
    test: { projects: _, ...test },
    ...rest
  } = base(environment);
  return {
    ...rest,
    test: {
      ...test,
      include: tests,
      sequence: { sequencer: AsListed },
      // A mutant has a thread of its own, so its files may share the modules: they are loaded once, not once
      // a file.
      isolate: false,
      // What few random cases do not find, more seldom do; each mutant is held to all tests that meet it.
      provide: { timesTheCases: 0.2 },
      // A slow machine kills no mutant. Loops without end are found by Stryker, which counts their turns.
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  };
});
