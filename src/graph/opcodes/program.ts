/**
 * Instructions of the program machine, `kernels/machine.ts`, and the operands of each by position. Targets,
 * sources, tables and ids are offsets in bytes from the run's block. The operands of `Elementwise` are in
 * `region.ts`. Compiled by TypeScript and by AssemblyScript, so this file holds plain numbers and nothing
 * else.
 */
export const End = 0;
export const Elementwise = 1;
export const Copy = 2;
export const Literal = 3;
export const Sum = 4;
export const Max = 5;
export const Softmax = 6;
export const Gemm = 7;
export const RandomUniform = 8;
export const Step = 9;
export const TakeRows = 10;
export const ScatterRows = 11;
export const StreamIn = 12;
export const StreamOut = 13;
export const Patches = 14;
export const AddPatches = 15;
export const TakeLargest = 16;
export const ScatterLargest = 17;
export const Loop = 18;
export const LogSoftmaxSlope = 19;
export const BatchGemm = 20;
export const StridedGemm = 21;

// Copy: a strided array to another layout of the same dimensions; axes follow, the last fastest
export const CopyTarget = 0;
export const CopySource = 1;
export const CopyRank = 2;
export const CopyAxes = 3;
export const CopyAxisLength = 0;
/** Strides are in elements. */
export const CopyAxisTargetStride = 1;
export const CopyAxisSourceStride = 2;
export const COPY_AXIS_WORDS = 3;

// Literal: numbers of the program; their bits follow
export const LiteralTarget = 0;
export const LiteralCount = 1;
export const LiteralValues = 2;

// Sum, Max: source [outer, length, inner] → target [outer, inner]
export const ReduceTarget = 0;
export const ReduceSource = 1;
export const ReduceOuter = 2;
export const ReduceLength = 3;
export const ReduceInner = 4;

// Softmax: [rows, columns], along columns; its logarithm if `SoftmaxLogarithm` is 1
export const SoftmaxTarget = 0;
export const SoftmaxSource = 1;
export const SoftmaxRows = 2;
export const SoftmaxColumns = 3;
export const SoftmaxLogarithm = 4;

// LogSoftmaxSlope: log-softmax and a gradient, both [rows, columns] → [rows, columns]
export const SlopeTarget = 0;
export const SlopeSource = 1;
export const SlopeGradient = 2;
export const SlopeRows = 3;
export const SlopeColumns = 4;

// Gemm: C[m, n] = activation(op(A)[m, k] op(B)[k, n] + bias[n])
/** 1 if A is stored as [k, m] and op(A) is its transpose, 0 if it is stored as [m, k]. */
export const GemmTransA = 0;
/** 1 if B is stored as [n, k], 0 if as [k, n]. */
export const GemmTransB = 1;
export const GemmM = 2;
export const GemmN = 3;
export const GemmK = 4;
export const GemmA = 5;
/** Leading dimensions are in elements. */
export const GemmLda = 6;
export const GemmB = 7;
export const GemmLdb = 8;
export const GemmC = 9;
export const GemmLdc = 10;
/** `NO_BIAS` if there is no bias. */
export const GemmBias = 11;
/** An opcode of `elementwise.ts` of one operand, or `NO_ACTIVATION`. */
export const GemmActivation = 12;
export const GEMM_WORDS = 13;
export const NO_BIAS = -1;
export const NO_ACTIVATION = 0;

// BatchGemm: these, then the words of `Gemm` for the first of so many products
export const BatchCount = 0;
/** Elements from one A, B and C to the next. */
export const BatchStrideA = 1;
export const BatchStrideB = 2;
export const BatchStrideC = 3;
export const BATCH_WORDS = 4;

// StridedGemm: how the rows and how the columns of op(A) lie in memory, then the words of `Gemm`, of which A
// is the first element, and
// `GemmTransA` and `GemmLda` are not read. Rows, and columns, are numbered along three axes, the last
// fastest, whose strides are in elements.
export const StridedRows = 0;
export const StridedColumns = 5;
export const AxesMiddleLength = 0;
export const AxesLastLength = 1;
export const AxesFirstStride = 2;
export const AxesMiddleStride = 3;
export const AxesLastStride = 4;
export const STRIDED_WORDS = 10;

// RandomUniform: `RandomStream` tells uses apart
export const RandomTarget = 0;
export const RandomCount = 1;
export const RandomStream = 2;

// Step
export const StepTarget = 0;

// TakeRows: table [rows, columns], ids [count] → target [count, columns]
export const TakeTarget = 0;
export const TakeTable = 1;
export const TakeRowCount = 2;
export const TakeColumns = 3;
export const TakeIds = 4;
export const TakeCount = 5;

// ScatterRows: source [count, columns], ids [count] → target [rows, columns]
export const ScatterTarget = 0;
export const ScatterSource = 1;
export const ScatterRowCount = 2;
export const ScatterColumns = 3;
export const ScatterIds = 4;
export const ScatterCount = 5;

// StreamIn, StreamOut: a batch [rows, columns] from or to stream number `StreamIndex`
export const StreamBatch = 0;
export const StreamIndex = 1;
export const StreamColumns = 2;
export const StreamRows = 3;

// Loop: instructions that run `LoopCount` times, up to their own `End`; they follow these words. After each
// time `LoopMoves` words move: their entries are at word `LoopTable` of the instruction. After the last they
// are restored.
export const LoopCount = 0;
export const LoopMoves = 1;
export const LoopTable = 2;
export const LOOP_WORDS = 3;
/** Of an entry: which word, from the start of the instruction, and what is added to it. */
export const MoveWord = 0;
export const MoveStride = 1;
export const MOVE_WORDS = 2;

// Patches: images [count, height, width, channels] → target [count, down, across, kernel height × kernel
// width × channels]; AddPatches: that as source → images. Pairs list the vertical and the horizontal axis.
export const PatchesTarget = 0;
export const PatchesSource = 1;
export const PatchesCount = 2;
export const PatchesHeight = 3;
export const PatchesWidth = 4;
export const PatchesChannels = 5;
export const PatchesDown = 6;
export const PatchesAcross = 7;
export const PatchesKernelHeight = 8;
export const PatchesKernelWidth = 9;
export const PatchesStrideDown = 10;
export const PatchesStrideAcross = 11;
export const PatchesDilationDown = 12;
export const PatchesDilationAcross = 13;
export const PatchesTop = 14;
export const PatchesLeft = 15;

// TakeLargest: selector [images, height, width, channels], source of its shape → target [images, outHeight,
// outWidth, channels]. ScatterLargest: source of the shape of the windows → target of the shape of the
// selector.
export const PoolTarget = 0;
export const PoolSelector = 1;
export const PoolSource = 2;
export const PoolImages = 3;
export const PoolHeight = 4;
export const PoolWidth = 5;
export const PoolChannels = 6;
export const PoolOutHeight = 7;
export const PoolOutWidth = 8;
export const PoolSizeHeight = 9;
export const PoolSizeWidth = 10;
export const PoolStrideHeight = 11;
export const PoolStrideWidth = 12;
/** Rows and columns of padding before the first; their elements are never the largest. */
export const PoolBeforeHeight = 13;
export const PoolBeforeWidth = 14;
