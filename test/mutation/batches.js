/**
 * What is mutated, in batches, and the tests that each is held to: its own and some of what is built on it, the quickest
 * first, since a mutant is done with at the first test that fails. Tests that run `dist/` see no mutant.
 */
const inFolder = (folder, names) => names.split(" ").map((name) => `test/${folder}/${name}.test.ts`);

/** `{ name: { files, tests } }`; files below `src/`. A name begins with its part, a folder there. */
export const batches = {
  graph: {
    files: /^graph\//,
    tests: [
      ...inFolder("graph", "operations"),
      ...inFolder("compile", "rewrite trace"),
      ...inFolder("engine", "errors random"),
      ...inFolder("autograd", "checkGradients autograd"),
      ...inFolder("compile", "simplify"),
      ...inFolder("graph", "conformance"),
      ...inFolder("compile", "plan"),
    ],
  },
  autograd: {
    files: /^autograd\//,
    tests: [...inFolder("graph", "operations"), ...inFolder("autograd", "checkGradients autograd")],
  },
  optim: {
    files: /^optim\//,
    tests: inFolder("optim", "define schedule clip pytorch example tfjs bounds trajectory conformance"),
  },
  metrics: {
    files: /^metrics\//,
    tests: inFolder("metrics", "registry classification regression"),
  },
  "search/models": {
    files: /^search\/(gp\/|(anova|features|forest|growing|hypervolume|importance|pareto|vectors)\.)/,
    tests: inFolder("search", "vectors growing gp-moves hypervolume pareto gp-model forest importance gp"),
  },
  "search/populations": {
    files: /^search\/strategies\/(genetic|gp|nsga2|pbt|tpe)/,
    tests: inFolder("search", "genetic-operators parzen genetic nsga2 pbt gp conformance tpe"),
  },
  "search/walks": {
    files: /^search\/strategies\/(cmaes|default|grid|index|random|sobol|strategy)/,
    tests: inFolder("search", "refusals grid cmaes-discrete cmaes-update random cmaes sobol conformance"),
  },
  // the rest of the part
  "search/study": {
    files:
      /^search\/(?!gp\/|strategies\/|(anova|features|forest|growing|hypervolume|importance|pareto|vectors)\.)/,
    tests: [
      ...inFolder("search", "types value refusals schedulers control optimize space checkpoint scale study"),
      ...inFolder("search", "grid unseen random pareto constraints pbt conformance scheduler-conformance"),
    ],
  },
};
