/**
 * What is mutated, in batches, and the tests that each is held to: its own and some of what is built on it,
 * the quickest first, since a mutant is done with at the first test that fails. Tests that run `dist/` see no
 * mutant.
 */
const inFolder = (folder, names) => names.split(" ").map((name) => `test/${folder}/${name}.test.ts`);

/** `{ name: { files, tests } }`; files below `src/`. A name begins with its part, a folder there. */
export const batches = {
  graph: {
    files: /^graph\/(?!scan\.|operations\/(scan|loops|patches|pool|gather|strided)\.)/,
    tests: [
      ...inFolder("graph", "operations axes"),
      ...inFolder("compile", "rewrite trace"),
      ...inFolder("engine", "errors random"),
      ...inFolder("autograd", "checkGradients autograd"),
      ...inFolder("compile", "simplify"),
      ...inFolder("graph", "conformance"),
      ...inFolder("compile", "plan"),
    ],
  },
  "graph/layers": {
    files: /^graph\/(scan|operations\/(scan|loops|patches|pool|gather|strided))\.ts$/,
    tests: [
      ...inFolder("graph", "operations axes rows patches pool scanEdges scanPrograms"),
      ...inFolder("compile", "loops"),
      ...inFolder("autograd", "checkGradients"),
      ...inFolder("graph", "scan conformance"),
    ],
  },
  "compile/layers": {
    files: /^compile\/(bodies|loop|lower|pads|places|windows)\.ts$/,
    tests: [
      ...inFolder("compile", "loops"),
      ...inFolder("graph", "scanPrograms scanEdges pool patches"),
      ...inFolder("compile", "windows trace rewrite simplify encode plan"),
      ...inFolder("graph", "scan"),
    ],
  },
  "nn/images": {
    files:
      /^nn\/layers\/(augmentation|convolution|depthwise|geometry|kernel|pooling|reshaping|sequence)\.ts$/,
    tests: [
      ...inFolder("nn/layers", "recipes refusals arrays convolution pooling augmentation torch"),
      ...inFolder("nn", "shapes"),
      ...inFolder("predict", "everyLayer"),
    ],
  },
  "nn/sequences": {
    files: /^nn\/layers\/(attention|masking|masks|timeDistributed|recurrent\/.*)\.ts$/,
    tests: [
      ...inFolder("nn/layers", "recipes refusals arrays attention masks"),
      ...inFolder("nn/layers/recurrent", "recurrent states torch dropout masks files"),
    ],
  },
  "nn/layers": {
    files:
      /^nn\/layers\/(activation|arrays|dense|dropout|embedding|factories|layer|merge|normalization|rectifiers)\.ts$/,
    tests: [
      ...inFolder("nn/layers", "recipes refusals arrays dense rectifiers normalization pooling"),
      ...inFolder(
        "nn",
        "refusals custom functional functionalRefusals freeze constrainedPrograms stepMasks shapes",
      ),
      ...inFolder("model", "save"),
      ...inFolder("predict", "everyLayer"),
    ],
  },
  "nn/weights": {
    files:
      /^nn\/(activations|weights\/(constraints|initializerFactories|initializers|regularizers|varianceScaling))\.ts$/,
    tests: [
      ...inFolder("nn/layers", "recipes arrays dense"),
      ...inFolder("nn", "refusals custom constrainedPrograms constraints activations"),
      ...inFolder("model", "save"),
      ...inFolder("nn", "initializers"),
    ],
  },
  "nn/losses": {
    files: /^nn\/losses\//,
    tests: inFolder("nn/losses", "names formulas torch training edges logits errors"),
  },
  "nn/models": {
    files: /^nn\/(arguments|callbacks\/history|models|network|programs|training|weights\/trainedWeights)/,
    tests: [
      ...inFolder(
        "nn",
        "firstFit clipping refusals training schedule custom fit programs functional functionalRefusals freeze",
      ),
      ...inFolder("nn", "stepMasks constraints constrainedPrograms shapes averageModels mixup"),
      ...inFolder("nn/layers", "normalization recurrent/masks"),
      ...inFolder("laws", "weights"),
      ...inFolder("model", "save"),
      ...inFolder("nn/losses", "training"),
      ...inFolder("nn", "evaluationWeights predictions"),
      ...inFolder("nn/callbacks", "callback learningRate"),
      ...inFolder("tune", "rateFinder"),
      ...inFolder("nn", "memory"),
    ],
  },
  predict: {
    files: /^predict\/(compiled|network|parameters|pieces|wires)\.ts$/,
    tests: [...inFolder("predict", "hostile compiled predictor everyLayer"), ...inFolder("model", "save")],
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
    tests: [...inFolder("metrics", "registry classification regression"), ...inFolder("laws", "weights")],
  },
  data: {
    files: /^data\/(?!(tensor|windows)\.)/,
    tests: [
      ...inFolder("data", "numbers dates csv table schema kinds dataset matrix split"),
      ...inFolder("data/pipeline", "sklearn pipeline"),
      ...inFolder("data/diagnosis", "diagnose drift"),
      ...inFolder("data", "pieces groups targets hostile"),
      ...inFolder("laws", "weights"),
      ...inFolder("tune", "labels"),
    ],
  },
  "data/arrays": {
    files: /^(arrays|data\/(tensor|windows))\.ts$/,
    tests: [
      ...inFolder("data", "tensor windows"),
      ...inFolder("engine", "errors"),
      ...inFolder("nn", "shapes"),
    ],
  },
  "search/models": {
    files: /^search\/(strategies\/gp\/(?!gp\.)|analysis\/|memo\/growing|trial\/pareto|space\/vectors)/,
    tests: [
      ...inFolder("search/space", "vectors"),
      ...inFolder("search/memo", "growing"),
      ...inFolder("search/strategies/gp", "gp-moves"),
      ...inFolder("search/analysis", "hypervolume"),
      ...inFolder("search/trial", "pareto"),
      ...inFolder("search/strategies/gp", "gp-model gp-acquisition gp-targets gp-constraints gp-objectives"),
      ...inFolder("search/analysis", "forest importance"),
      ...inFolder("search/strategies/gp", "gp"),
    ],
  },
  "search/populations": {
    files: /^search\/strategies\/(genetic|gp\/gp|nsga2|pbt|tpe)/,
    tests: inFolder(
      "search/strategies",
      "genetic/genetic-operators tpe/parzen genetic/genetic nsga2/nsga2 pbt/pbt gp/gp conformance tpe/tpe",
    ),
  },
  "search/walks": {
    files: /^search\/strategies\/(cmaes|default|grid|index|random|sobol|strategy)/,
    tests: [
      ...inFolder("search/study", "refusals"),
      ...inFolder("search/strategies", "grid/grid cmaes/cmaes-discrete cmaes/cmaes-update random/random"),
      ...inFolder("search/strategies", "cmaes/cmaes sobol/sobol conformance"),
    ],
  },
  // the rest of the part
  "search/study": {
    files: /^search\/(?!strategies\/|analysis\/|memo\/growing|trial\/pareto|space\/vectors)/,
    tests: [
      ...inFolder("search/space", "types value"),
      ...inFolder("search/study", "refusals misuse"),
      ...inFolder("search/schedulers", "schedulers"),
      ...inFolder("search/study", "control optimize"),
      ...inFolder("search/space", "space"),
      ...inFolder("search/study", "checkpoint"),
      ...inFolder("search/space", "scale"),
      ...inFolder("search/study", "study"),
      ...inFolder("search/strategies", "grid/grid"),
      ...inFolder("search/memo", "unseen"),
      ...inFolder("search/strategies", "random/random"),
      ...inFolder("search/trial", "pareto"),
      ...inFolder("search/study", "constraints"),
      ...inFolder("search/strategies", "pbt/pbt conformance"),
      ...inFolder("search/schedulers", "conformance"),
    ],
  },
};
