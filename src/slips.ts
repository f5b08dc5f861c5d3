/**
 * Words of other libraries for what has another name here: a refusal of an unknown name suggests the first
 * meaning that is known in its place. Spelling mistakes need no entry.
 */
const MEANINGS: Readonly<Record<string, readonly string[]>> = {
  // options of optimizers
  lr: ["learningRate"],
  eta: ["learningRate"],
  stepsize: ["learningRate"],
  decay: ["weightDecay"],
  eps: ["epsilon"],
  betas: ["beta1"],
  rho: ["beta2"],
  alpha: ["rho", "negativeSlope"],
  momentum: ["beta1"],
  clipvalue: ["clipValue"],
  clipgradnorm: ["globalClipNorm"],
  // options of compile, fit, layers and callbacks
  criterion: ["loss"],
  scoring: ["metric", "metrics"],
  nepochs: ["epochs"],
  maxepochs: ["epochs"],
  maxiter: ["epochs"],
  nbepoch: ["epochs"],
  nsteps: ["epochs"],
  validsplit: ["validationSplit"],
  testsize: ["testSize", "validationSplit"],
  randomstate: ["seed"],
  randomseed: ["seed"],
  callback: ["callbacks"],
  bias: ["useBias"],
  stride: ["strides"],
  dilation: ["dilationRate"],
  regularizer: ["kernelRegularizer"],
  initializer: ["kernelInitializer"],
  nonlinearity: ["activation"],
  tol: ["minDelta"],
  niternochange: ["patience"],
  // options of searches
  metric: ["metrics", "scoring"],
  metrics: ["metric", "scoring"],
  cv: ["validation"],
  folds: ["validation"],
  njobs: ["jobs"],
  workers: ["jobs"],
  ntrials: ["trials"],
  niter: ["trials"],
  maxtrials: ["trials"],
  paramgrid: ["space"],
  paramdistributions: ["space"],
  sampler: ["strategy"],
  pruner: ["scheduler"],
  // ways to merge
  concat: ["concatenate"],
  sum: ["add"],
  mul: ["multiply"],
  mean: ["average"],
  ave: ["average"],
  max: ["maximum"],
  min: ["minimum"],
  // losses
  f1: ["softF1"],
  logloss: ["binaryCrossentropy"],
  bceloss: ["binaryCrossentropy"],
  crossentropyloss: ["categoricalCrossentropy"],
  nllloss: ["sparseCategoricalCrossentropy"],
  l1: ["meanAbsoluteError"],
  l2: ["meanSquaredError"],
  // activations and initializers
  none: ["linear"],
  identity: ["linear"],
  logistic: ["sigmoid"],
  xavier: ["xavierNormal"],
  kaiming: ["kaimingNormal"],
  he: ["heNormal"],
  glorot: ["glorotUniform"],
};

/** What to do instead, where no name is meant. */
const WAYS: Readonly<Record<string, string>> = {
  inputdim: "The number of inputs is that of the data, or of input().",
  inputshape: "The shape of the inputs is that of the data, or of input().",
  batchinputshape: "The shape of the inputs is that of the data, or of input().",
  name: "named(name, layer) names a layer.",
  trainable: "freeze(layer) keeps the weights of a layer.",
  returnstate: "The result is the state; only lstm has another, and this option.",
  stateful: "Each row is a sequence of its own; a layer takes a first state as a further input.",
};

const OF_ADAM = " Or use sgd({ momentum }).";

/** For `knowWords`. */
export const slips = { meantBy, wayFor };

/** The name that a word means among those that are known there; undefined if it has no other meaning. */
function meantBy(word: string, known: readonly string[]): string | undefined {
  const key = plain(word);
  const meanings = Object.hasOwn(MEANINGS, key) ? MEANINGS[key] : [];
  return meanings.find((name) => known.includes(name)) ?? known.find((name) => plain(name) === key);
}

/** What to do instead of an option that does not exist; empty if nothing is known. */
function wayFor(kind: string, word: string): string {
  const key = plain(word);
  if (key === "momentum" && / (adam|adamw|nadam)$/.test(kind)) return OF_ADAM;
  return kind.startsWith("option of") && Object.hasOwn(WAYS, key) ? ` ${WAYS[key]}` : "";
}

const plain = (word: string): string => word.replaceAll("_", "").toLowerCase();
