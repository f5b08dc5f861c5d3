/**
 * The covariance k(x, x') over points of a space: that of all parameters together, and of each alone; for the
 * notation see the header of `gp.ts`. Points are stretched so that the kernel sees plain distances.
 *
 * δ_p is the squared difference of a number's coordinates, and for a choice half the squared distance of its
 * coordinates, which is 1 between any two of its values (the Hamming distance) and less than that to "does
 * not apply".
 *
 * All arithmetic on n numbers or more is in the kernels (`kernels/search/`): a `Process` has its numbers in
 * their memory. They are there as long as few others are used at the same time, and are written again
 * afterwards.
 */
import type { PointsAt } from "../../../numerics/kernels.js";
import { logDeterminant, packedSize, roundedUp, Triangle, triangleSize } from "../../../numerics/linalg.js";
import { leaveRoom, type Room, roomOf } from "../../../numerics/rooms.js";
import type { Vectors } from "../../space/vectors.js";

/** θ: the hyperparameters of the kernel and the noise, for values of variance 1. */
export interface Hyperparameters {
  /** w_p, one for each parameter of the space, in its order. */
  readonly weights: Float64Array;
  /** s, the variance of f. */
  readonly signal: number;
  /** a, the share of s of parameters on their own; 0 if `hasShares` is false. */
  readonly alone: number;
  /** σ_n², the variance of ε. */
  readonly noise: number;
}

/** Up to this many, parameters are also modelled separately: the time for it grows with their number. */
const MOST_ALONE = 64;

/** Whether parameters are also modelled separately. */
export function hasShares({ axes }: Vectors): boolean {
  return axes.length > 1 && axes.length <= MOST_ALONE;
}

/** a before the first fit. */
const FIRST_SHARE = 0.2;

/** The hyperparameters before the first fit. */
export function defaultHyperparameters(vectors: Vectors): Hyperparameters {
  const weights = new Float64Array(vectors.axes.length).fill(1);
  return { weights, signal: 1, alone: hasShares(vectors) ? FIRST_SHARE : 0, noise: 1e-2 };
}

/** The factor that stretches each coordinate: √w_p for a number, √(w_p / 2) for a choice. [d] */
function stretchOf(vectors: Vectors, weights: Float64Array): Float64Array {
  const stretch = new Float64Array(vectors.size);
  vectors.axes.forEach(({ parameter, offset, width }, p) => {
    const share = parameter.type === "choice" ? 0.5 : 1;
    stretch.fill(Math.sqrt(share * weights[p]), offset, offset + width);
  });
  return stretch;
}

/** Where a process has its numbers: the index of the first of each. Arrays by trial are `stride` apart. */
function placesOf({ axes, size }: Vectors, n: number, isInverted: boolean) {
  const stride = roundedUp(n);
  let length = 0;
  const take = (numbers: number) => {
    const at = length;
    length += roundedUp(numbers);
    return at;
  };
  const inverse = isInverted ? packedSize(n) : 0;
  const places = {
    /** How many coordinates each parameter has, i32. */
    widths: take(axes.length),
    /** A stretched point, [d]. */
    point: take(size),
    /** x, stretched, [d, stride]. */
    x: take(size * stride),
    /** The squared distances of the point along each parameter, [axes, stride]. */
    squares: take(axes.length * stride),
    /** −∂k/∂(those distances), [axes, stride]. */
    slopes: take(axes.length * stride),
    /** k, [stride]. */
    values: take(stride),
    /** The part of k of parameters on their own, [stride]. */
    alone: take(stride),
    /** α, [stride]. */
    alpha: take(stride),
    /** ∂/∂x_c of μ and σ² in turn, [d, 2], or sums over trials. */
    sums: take(2 * size + 2),
    /** A or L, a `Triangle`. */
    triangle: take(triangleSize(n)),
    /** A⁻¹ and room for L⁻¹, if there is room for them. */
    inverse: take(inverse),
    work: take(inverse),
  };
  return { ...places, length };
}

/** The posterior at one point; overwritten by the next. */
export interface Belief {
  /** μ */
  mean: number;
  /** σ², of f without the noise ε. */
  variance: number;
  /** [d], by the coordinates of the point; valid only if the gradient was asked for. */
  readonly meanGradient: Float64Array;
  readonly varianceGradient: Float64Array;
}

/** A Gaussian process over given points. */
export class Process {
  private readonly places: ReturnType<typeof placesOf>;
  private readonly stride: number;
  private hyperparameters: Hyperparameters;
  private stretch: Float64Array;
  /** L of the first points, packed, and α of all, for a room that had other numbers. */
  private lower: Float64Array | undefined;
  private alpha: Float64Array | undefined;

  /** @param isInverted - whether `slopes` will be called */
  constructor(
    private readonly vectors: Vectors,
    private readonly points: readonly Float64Array[],
    isInverted = false,
  ) {
    this.places = placesOf(vectors, points.length, isInverted);
    this.stride = roundedUp(points.length);
    this.hyperparameters = defaultHyperparameters(vectors);
    this.stretch = new Float64Array(vectors.size);
  }

  /** Sets θ, and L of as many points as are known under it. */
  assume(hyperparameters: Hyperparameters, lower?: Float64Array): this {
    this.hyperparameters = hyperparameters;
    this.stretch = stretchOf(this.vectors, hyperparameters.weights);
    this.lower = lower;
    this.alpha = undefined;
    this.leave(); // its numbers belong to another θ
    return this;
  }

  /** Frees its memory; what is asked later is written to another room. */
  leave(): void {
    leaveRoom(this);
  }

  private get room(): Room {
    return roomOf(this, this.places.length, (room) => this.write(room));
  }

  private write(room: Room): void {
    const { places, points, stride, stretch, lower, alpha } = this;
    const { numbers, address } = room;
    const { axes } = this.vectors;
    new Int32Array(numbers.buffer, address + 8 * places.widths, axes.length).set(
      axes.map(({ width }) => width),
    );
    points.forEach((point, i) => {
      for (let c = 0, at = places.x + i; c < point.length; c++, at += stride)
        numbers[at] = point[c] * stretch[c];
    });
    numbers.fill(0, places.alpha, places.alpha + stride);
    if (alpha) numbers.set(alpha, places.alpha);
    if (!lower) return;
    numbers.set(lower, places.triangle);
    this.triangleIn(room).factored(rowsOf(lower));
  }

  private triangleIn({ kernels, address }: Room): Triangle {
    return new Triangle(kernels, this.points.length, address + 8 * this.places.triangle);
  }

  /** The stretched point and the first `n` points. */
  private pointsIn({ address }: Room, n: number): PointsAt {
    const { widths, point, x } = this.places;
    const at = (place: number) => address + 8 * place;
    return [at(widths), this.vectors.axes.length, at(point), at(x), this.stride, n];
  }

  /** Measures the stretched point against the first `n` points. */
  private measure(room: Room, n: number, withSlopes: boolean): void {
    const { squares, values, alone, slopes } = this.places;
    const { signal, alone: share } = this.hyperparameters;
    const at = (place: number) => room.address + 8 * place;
    room.kernels.covariances(
      ...this.pointsIn(room, n),
      signal * (1 - share),
      (signal * share) / this.vectors.axes.length,
      at(squares),
      at(values),
      at(alone),
      withSlopes ? at(slopes) : 0,
    );
  }

  /** Measures point `i` against those before it. */
  private measureRow(room: Room, i: number, withSlopes: boolean): void {
    const { point, x } = this.places;
    for (let c = 0, at = x + i; c < this.vectors.size; c++, at += this.stride) {
      room.numbers[point + c] = room.numbers[at];
    }
    this.measure(room, i, withSlopes);
  }

  /** Measures the points that L does not have, and factors A. */
  factor(): this {
    const { room, places } = this;
    const { numbers } = room;
    const { signal, noise } = this.hyperparameters;
    const from = this.lower ? rowsOf(this.lower) : 0;
    for (let i = from; i < this.points.length; i++) {
      this.measureRow(room, i, false);
      const row = places.triangle + packedSize(i);
      numbers.copyWithin(row, places.values, places.values + i);
      numbers[row + i] = signal + noise;
    }
    this.triangleIn(room).factor(from);
    return this;
  }

  /** L, packed; a copy. */
  factored(): Float64Array {
    const { triangle } = this.places;
    return this.room.numbers.slice(triangle, triangle + packedSize(this.points.length));
  }

  /** ln det A. */
  logDeterminant(): number {
    return logDeterminant(this.room.numbers.subarray(this.places.triangle), this.points.length);
  }

  /**
   * Computes α = A⁻¹·y, where y are the values of the first points; α of further ones is 0.
   *
   * @returns ‖L⁻¹·y‖²
   */
  solve(values: Float64Array): number {
    const { room } = this;
    const { numbers, address, kernels } = room;
    const at = address + 8 * this.places.alpha;
    const n = values.length;
    const triangle = this.triangleIn(room);
    numbers.set(values, this.places.alpha);
    triangle.solveLower(at, n);
    const fit = kernels.dot_f64(at, at, n);
    triangle.solveUpper(at, n);
    const end = this.places.alpha + this.stride;
    numbers.fill(0, this.places.alpha + n, end);
    this.alpha = numbers.slice(this.places.alpha, end);
    return fit;
  }

  /**
   * The gradient of −ln p(y | θ), ½ tr((A⁻¹ − α·αᵀ) · ∂A/∂θ) (GPML 5.9): by each ln w_p, by ln s, by
   * ln(a / (1 − a)) and by σ_n². Call `factor` and `solve` first.
   */
  slopes(): { byWeights: Float64Array; bySignal: number; byShare: number; byNoise: number } {
    const { room, places, stride } = this;
    const { numbers, address, kernels } = room;
    const { length } = this.vectors.axes;
    const at = (place: number) => address + 8 * place;
    const { sums } = places;
    const alpha = numbers.subarray(places.alpha);
    this.triangleIn(room).invert(at(places.inverse), at(places.work));
    numbers.fill(0, sums, sums + length + 2);
    let byNoise = 0;
    for (let i = 0; i < this.points.length; i++) {
      // measured again, because storing all slopes would need much memory
      this.measureRow(room, i, true);
      const row = places.inverse + packedSize(i);
      kernels.likelihood_slopes(
        at(row),
        at(places.alpha),
        i,
        at(places.values),
        at(places.alone),
        this.hyperparameters.alone,
        at(places.slopes),
        at(places.squares),
        length,
        stride,
        at(sums),
      );
      byNoise += 0.5 * (numbers[row + i] - alpha[i] * alpha[i]);
    }
    return {
      byWeights: numbers.slice(sums, sums + length),
      bySignal: numbers[sums + length] + byNoise * this.hyperparameters.signal,
      byShare: numbers[sums + length + 1],
      byNoise,
    };
  }

  /** Writes the posterior at an encoded point. */
  predict(x: Float64Array, belief: Belief, withGradient: boolean): void {
    const { room, places, stretch } = this;
    const { numbers, address, kernels } = room;
    const n = this.points.length;
    const at = (place: number) => address + 8 * place;
    for (let c = 0; c < x.length; c++) numbers[places.point + c] = x[c] * stretch[c];
    this.measure(room, n, withGradient);
    const solved = at(places.values);
    belief.mean = kernels.dot_f64(solved, at(places.alpha), n);
    const triangle = this.triangleIn(room);
    triangle.solveLower(solved);
    belief.variance = Math.max(0, this.hyperparameters.signal - kernels.dot_f64(solved, solved, n));
    if (!withGradient) return;
    triangle.solveUpper(solved);
    kernels.posterior_gradients(
      ...this.pointsIn(room, n),
      at(places.slopes),
      at(places.alpha),
      solved,
      at(places.sums),
    );
    for (let c = 0; c < x.length; c++) {
      belief.meanGradient[c] = numbers[places.sums + 2 * c] * stretch[c];
      belief.varianceGradient[c] = numbers[places.sums + 2 * c + 1] * stretch[c];
    }
  }
}

/** The rows of a packed triangle. */
function rowsOf({ length }: Float64Array): number {
  return Math.floor(Math.sqrt(2 * length));
}
