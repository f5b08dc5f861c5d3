/**
 * Right arguments of public functions, made anew at each call, so that a test can put one wrong value among
 * them. Not a test itself.
 */
import * as fettle from "fettle";
import { contestant, defineProblem } from "fettle/benchmark";
import { Graph } from "fettle/engine";
import * as ops from "fettle/ops";
import { loadPredictor } from "fettle/predict";
import { studyData } from "fettle/report";
import { memoryStorage } from "fettle/store";
import ndarray from "ndarray";

const TOKEN = "a secret of 16 characters or more";

const { adam, choice, dense, encodeTable, float, int, readTable, sequential, tpe } = fettle;

const csv = `a,b,c,y\n${Array.from({ length: 24 }, (_, i) => `${i},${(i * 7) % 5},${"uvw"[i % 3]},${i % 2 ? "yes" : "no"}`).join("\n")}\n`;
export const table = () => readTable(csv);
const data = () => encodeTable(table(), { target: "y" });
const numbers = () => encodeTable(table(), { target: "a", drop: ["y"] });
const space = () => ({ x: float(0, 1), n: int(1, 3), c: choice(["u", "v"]) });
const layer = () => dense(2);

function network() {
  const model = sequential([dense(2, { activation: "relu" }), dense(1)]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
}

const x = [[0], [1], [2], [3], [4], [5]];
const y = [0, 1, 2, 3, 4, 5];

async function fitted() {
  const model = network();
  await model.fit(x, y, { epochs: 1 });
  return model;
}

/** A predictor of them, with the rows. */
const asked = async () =>
  [
    await loadPredictor(fettle.saveModel(await fitted())),
    { columns: [y], rows: 6, y: Float64Array.from(y) },
  ] as const;

const trials = () =>
  Array.from({ length: 6 }, (_, number) => ({
    number,
    params: { x: number / 6, n: 1 + (number % 3), c: number % 2 ? "u" : "v" },
    seed: number,
    value: (number - 2) ** 2,
    status: "complete" as const,
  }));

function study() {
  const made = fettle.createStudy({ space: space(), strategy: fettle.random(), direction: "minimize" });
  for (let i = 0; i < 6; i++) {
    const trial = made.ask();
    if (trial) made.tell(trial.number, { value: trial.params.x });
  }
  return made;
}

const searchOptions = () => ({
  x,
  y,
  trials: 1,
  fit: { epochs: 1 },
  jobs: 1,
  validation: fettle.kFold({ folds: 2 }),
  space: { learningRate: float(0.01, 0.1) },
  model: ({ learningRate = 0.01 }: { readonly learningRate?: number }) => {
    const model = sequential([dense(1)]);
    model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
    return model;
  },
});

const problem = () => ({
  name: "bowl",
  start: (of: fettle.Graph) => ({ w: ops.randomUniform(of, [3], 0) }),
  loss: ({ parameters }: { readonly parameters: Readonly<Record<string, fettle.Value>> }) =>
    ops.sum(ops.square(parameters.w)),
  steps: 4,
  target: 1e-3,
});

const graph = () => new Graph();
const value = () => ops.constant(graph(), [1, 2, 3, 4], [2, 2]);
const image = () => ops.constant(graph(), Array.from({ length: 16 }, Number), [1, 4, 4, 1]);
const pairOf = () => {
  const one = graph();
  return [ops.constant(one, [1, 2, 3, 4], [2, 2]), ops.constant(one, [1, 2, 3, 4], [2, 2])];
};
const rowsAndIds = () => {
  const one = graph();
  return [ops.constant(one, [1, 2, 3, 4], [2, 2]), ops.constant(one, [0, 1])];
};
const scores = () => ({ yTrue: [0, 1, 0, 1], yPred: [0.2, 0.7, 0.4, 0.9] });

/** Arguments by the name of the function; a function that is missing takes none, or options alone. */
export const VALID: Readonly<
  Record<string, (() => readonly unknown[] | Promise<readonly unknown[]>) | undefined>
> = {
  activation: () => ["relu"],
  ancestry: () => [trials(), 2],
  applyPipeline: () => [fettle.fitPipeline(numbers()).pipeline, numbers().columns],
  averageModels: async () => [[await fitted(), await fitted()]],
  averagePooling1d: () => [2],
  averagePooling2d: () => [2],
  bestSoFar: () => [trials(), "minimize"],
  bidirectional: () => [fettle.gru(2)],
  choice: () => [["u", "v"]],
  compile: () => [(a: fettle.Value) => ops.mul(a, a), [2]],
  conv1d: () => [2, 3],
  conv2d: () => [2, 3],
  conv2dTranspose: () => [2, 3],
  cosineDecay: () => [{ initialLearningRate: 0.1, decaySteps: 10 }],
  cosineDecayRestarts: () => [{ initialLearningRate: 0.1, firstDecaySteps: 10 }],
  createScheduler: () => ["asha"],
  createSplitter: () => ["kFold"],
  createStrategy: () => ["tpe"],
  createStudy: () => [{ space: space(), strategy: tpe(), direction: "minimize" }],
  createTuner: () => [without(searchOptions(), "jobs")],
  cropping1d: () => [1],
  cropping2d: () => [1],
  csvLogger: () => [() => {}],
  dense: () => [2],
  denseFit: () => [{ learningRate: 0.1 }],
  denseModel: () => [data(), { units: 4 }],
  denseParams: () => [{ units: 4 }],
  startWith: () => [[{ x: 0 }], fettle.random()],
  densePoints: () => [fettle.denseSpace(100)],
  denseSpace: () => [100],
  denseValidation: () => [100],
  depthwiseConv2d: () => [3],
  diagnose: () => [data()],
  drift: () => [table(), table()],
  dropout: () => [0.2],
  embedding: () => [3, 2],
  encodeLabels: () => [["u", "v"]],
  encodeRows: () => [table(), data()],
  encodeTable: () => [table(), { target: "y" }],
  exponentialDecay: () => [{ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 }],
  findLearningRate: () => [{ x, y, model: network, steps: 8 }],
  fitPipeline: () => [numbers()],
  float: () => [0, 1],
  freeze: () => [layer()],
  fromMatrix: () => [new Float32Array(4), 2, 2],
  functional: () => {
    const inputs = fettle.input(2);
    return [{ inputs, outputs: dense(1).apply(inputs) }];
  },
  gaussianNoise: () => [0.1],
  getMetric: () => ["accuracy"],
  grad: () => [(a: fettle.Value) => ops.sum(ops.mul(a, a))],
  valueAndGrad: () => [(a: fettle.Value) => ops.sum(ops.mul(a, a))],
  gradients: () => {
    const of = value();
    return [ops.sum(of), [of]];
  },
  gridSearch: () => [{ ...searchOptions(), points: 1 }],
  randomSearch: () => [searchOptions()],
  nestedCrossValidation: () => [fettle.randomSearch, searchOptions()],
  sweep: () => [{ ...without(searchOptions(), "trials"), parameter: "learningRate", values: [0.1] }],
  replay: async () => {
    const { study } = await fettle.tune(searchOptions());
    return [{ ...searchOptions(), study: study.toJSON() }, 0];
  },
  tune: () => [searchOptions()],
  tuneWorker: () => [searchOptions()],
  gru: () => [2],
  lstm: () => [2],
  convLstm2d: () => [2, 2],
  simpleRNN: () => [2],
  hypervolume: () => [[[1, 1]], ["minimize", "minimize"], [2, 2]],
  importances: () => [trials(), space()],
  input: () => [2],
  int: () => [1, 3],
  l1: () => [0.1],
  l2: () => [0.1],
  l1l2: () => [{ l1: 0.1, l2: 0.1 }],
  learningRateScheduler: () => [() => 0.1],
  loadModel: async () => [fettle.saveModel(await fitted())],
  loadPredictor: async () => [fettle.saveModel(await fitted())],
  marginals: () => [trials(), space(), "x"],
  // splitters take rows, or the classes or groups of rows, or options alone
  ...Object.fromEntries(
    [
      ...["kFold", "leaveOneOut", "leavePOut", "repeatedKFold", "shuffleSplit", "timeSeriesSplit"].map(
        (name) => [name, 6] as const,
      ),
      ...["repeatedStratifiedKFold", "stratifiedKFold", "stratifiedShuffleSplit"].map(
        (name) => [name, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]] as const,
      ),
      ...["groupKFold", "groupShuffleSplit", "leaveOneGroupOut", "leavePGroupsOut"].map(
        (name) => [name, [0, 1, 2, 3, 4, 5]] as const,
      ),
    ].map(([name, rows]) => [name, () => [rows]]),
  ),
  masking: () => [0],
  maxPooling1d: () => [2],
  maxPooling2d: () => [2],
  merge: () => ["add"],
  mixup: () => [0.2],
  modelCheckpoint: () => [() => {}],
  multiHeadAttention: () => [2, 2],
  oneCycle: () => [{ maxLearningRate: 0.1, totalSteps: 10 }],
  oneHot: () => [[0, 1], 2],
  parseCsv: () => [csv],
  permute: () => [[2, 1]],
  piecewiseConstantDecay: () => [{ boundaries: [5], values: [0.1, 0.01] }],
  predefinedSplit: () => [[0, 1, 0, 1]],
  randomFlip: () => ["horizontal"],
  randomTranslation: () => [1, 1],
  readRecords: () => [[{ a: 1 }, { a: 2 }]],
  readTable: () => [csv],
  repeatVector: () => [2],
  reshape: () => [[2, 2]],
  restoreStudy: () => [JSON.parse(JSON.stringify(study())), { strategy: fettle.random() }],
  saveModel: async () => [await fitted()],
  separableConv2d: () => [2, 3],
  sequential: () => [[layer()]],
  spaceFromJson: () => [{ x: { type: "float", low: 0, high: 1 } }],
  spatialDropout1d: () => [0.1],
  spatialDropout2d: () => [0.1],
  timeDistributed: () => [layer()],
  toMatrix: () => [x],
  toNested: () => [ndarray(Float32Array.of(1, 2), [1, 2])],
  trainTestSplit: () => [10],
  trainValidationTestSplit: () => [10],
  upSampling1d: () => [2],
  upSampling2d: () => [2],
  warmup: () => [{ learningRate: 0.1, warmupSteps: 2 }],
  windows: () => [[1, 2, 3, 4, 5, 6], { length: 2 }],
  zeroPadding1d: () => [1],
  zeroPadding2d: () => [1],
  // fettle/ops
  ...Object.fromEntries(
    [
      "add",
      "div",
      "equal",
      "greater",
      "greaterEqual",
      "matmul",
      "maximum",
      "minimum",
      "mul",
      "mulNoNan",
      "pow",
      "sub",
    ].map((name) => [name, pairOf]),
  ),
  ...Object.fromEntries(
    [
      ...[
        "abs",
        "celu",
        "cos",
        "elu",
        "erf",
        "exp",
        "expm1",
        "floor",
        "flush",
        "flushRoot",
        "flushGradient",
        "gelu",
        "geluTanh",
        "hardSigmoid",
        "hardSilu",
      ],
      ...[
        "hardTanh",
        "leakyRelu",
        "log",
        "log1p",
        "logSigmoid",
        "logSoftmax",
        "max",
        "mean",
        "mish",
        "neg",
        "relu",
        "relu6",
      ],
      ...[
        "selu",
        "sigmoid",
        "sign",
        "silu",
        "sin",
        "softmax",
        "softplus",
        "softsign",
        "sqrt",
        "square",
        "stopGradient",
      ],
      ...["sum", "tanh", "transpose", "zerosLike"],
    ].map((name) => [`fettle/ops.${name}`, () => [value()]]),
  ),
  "fettle/ops.reshape": () => [value(), [4]],
  scatterRows: () => [...rowsAndIds(), 3],
  takeRows: rowsAndIds,
  addPatches: () => [ops.patches(image(), [2, 2]), [4, 4], [2, 2]],
  broadcastTo: () => [value(), [2, 2]],
  concat: () => [pairOf()],
  constant: () => [graph(), [1, 2]],
  defineOptimizer: () => [{ name: "own", hyperparameters: { learningRate: 1 }, update: () => ({}) }],
  defineSchedule: () => [{ name: "own", required: ["rate"], rate: () => ({}) }],
  "fettle.dot": () => [1],
  dot: () => pairOf().map((each) => ops.reshape(each, [4])),
  fullLike: () => [value(), 1],
  maxPool: () => [image(), [2, 2]],
  pad: () => [value(), [1, 1], [1, 1]],
  patches: () => [image(), [2, 2]],
  randomUniform: () => [graph(), [2], 1],
  scatterLargest: () => {
    const of = image();
    return [of, ops.maxPool(of, [2, 2]), [2, 2]];
  },
  takeLargest: () => {
    const of = image();
    return [of, of, [2, 2]];
  },
  select: () => [...pairOf(), 1],
  slice: () => [value(), [0, 0], [1, 1]],
  step: () => [graph()],
  // fettle/explain
  counterfactuals: async () => [(await asked())[0], [[1]], x, { least: 100 }],
  explain: asked,
  explainRow: async () => [(await asked())[0], [[1]], x],
  partialDependence: asked,
  permutationImportance: asked,
  shapleyValues: async () => [(await asked())[0], [[1]], x],
  strongestPairs: asked,
  // fettle/report
  ...Object.fromEntries(
    [
      ...["plotCurves", "plotHistory", "plotImportances", "plotParallel", "plotTimeline"],
      ...["studyMarkdown", "studyRows", "tensorboardFiles"],
    ].map((name) => [name, () => [studyData(study())]]),
  ),
  plotComparison: () => [[studyData(study(), { name: "a" }), studyData(study(), { name: "b" })]],
  plotContour: () => [studyData(study()), "x", "n"],
  plotRanks: () => [studyData(study()), "x", "n"],
  plotSlice: () => [studyData(study()), "x"],
  plotTheme: () => ["light"],
  plotTraining: () => [{ epoch: [0, 1], history: { loss: [2, 1], valLoss: [3, 2] } }],
  studyData: () => [study()],
  // fettle/benchmark
  defineProblem: () => [problem()],
  runBenchmark: () => [
    {
      problems: [defineProblem(problem())],
      optimizers: [contestant("sgd", fettle.sgd)],
      seeds: 1,
      trials: 1,
      rates: 2,
      jobs: 1,
    },
  ],
  // fettle/serve
  serveStudies: () => [
    { token: TOKEN, storage: memoryStorage(), settings: { trials: int(1, 2) }, tuner: () => searchOptions() },
  ],
  serveTrials: () => [
    {
      token: TOKEN,
      storage: memoryStorage(),
      study: "s",
      strategy: fettle.random(),
      direction: "minimize",
      trials: 1,
      space: space(),
    },
  ],
  // fettle/export
  exportModel: async () => [await fitted(), "js"],
  // fettle/store
  recordStudy: () => [Object.create(memoryStorage()), "s"],
  // metrics
  "metrics.confusionMatrix": () => Object.values(scores()),
  "metrics.precisionRecallCurve": () => Object.values(scores()),
  "metrics.rocCurve": () => Object.values(scores()),
  "metrics.precisionRecallFScore": () => Object.values(scores()),
};

function without<T extends object, N extends keyof T>(value: T, ...names: readonly N[]): Omit<T, N> {
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !names.includes(name as N)),
  ) as unknown as Omit<T, N>;
}
