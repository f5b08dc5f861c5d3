/** The benchmark of optimizers, exported as `fettle/benchmark`. The library does not import it. */
export {
  analyzeBenchmark,
  type BenchmarkAnalysis,
  type Cell,
  type Comparison,
  type MeanRank,
  type Profile,
  type Quartiles,
  type RatePoint,
  type RateSensitivity,
  type Score,
  type TuningGain,
} from "./analysis.js";
export { type Contestant, contestant, type Knob, standardOptimizers } from "./contestant.js";
export {
  defineProblem,
  type Examples,
  type Plane,
  type Problem,
  type ProblemContext,
  type ProblemData,
  type ProblemDefinition,
} from "./problem.js";
export { standardProblems } from "./problems/index.js";
export {
  type LearningProblemOptions,
  learningProblem,
  TABLES as tables,
  type Tables,
} from "./problems/learning.js";
export type {
  BenchmarkSetup,
  BenchmarkSize,
  OptimizerFacts,
  ProblemFacts,
  RunPhase,
  RunRecord,
} from "./record.js";
export { type BenchmarkOptions, type BenchmarkResult, runBenchmark } from "./runBenchmark.js";
export type { FriedmanTest, MeanWithInterval } from "./statistics.js";
