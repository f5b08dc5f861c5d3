/** Vitest for `lost.js`: the tests of `npm test`, on sources of which one file may be changed. */
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import base from "../../vitest.config.ts";

/** What is changed now, and the order of the tests; `lost.js` sets it. */
const state = globalThis.fettleLost;

const plugin = {
  name: "lost",
  enforce: "pre",
  load: (id) => (id === state.path ? state.text : undefined),
};

class AsListed extends BaseSequencer {
  async sort(specifications) {
    const place = ({ moduleId }) => state.tests.indexOf(moduleId);
    return [...specifications].sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig((environment) => {
  const { resolve, test } = base(environment);
  const projects = test.projects.map((project) => ({ ...project, plugins: [plugin] }));
  return { resolve, test: { ...test, projects, maxWorkers: 2, sequence: { sequencer: AsListed } } };
});
