/** Arrays of any rank as tensors: every layout reads alike, hostile ones are refused. */
import fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it, vi } from "vitest";
import type { TensorLike } from "../../src/arrays.js";
import { lendTensor, ownTensor, toColumns, toTensor, toTensor64 } from "../../src/data/tensor.js";
import { cases } from "../cases.js";
import { refusal } from "./refusal.js";

const numbers = Float32Array.from({ length: 12 }, (_, i) => i / 4 - 1);
const images = { data: numbers, shape: [2, 3, 2] };
const matrix = { data: numbers, shape: [2, 6] };

describe("toTensor", () => {
  const anyTensor = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 })
    .chain((shape) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const float = fc.float({ noNaN: true, noDefaultInfinity: true });
      return fc.tuple(fc.constant(shape), fc.array(float, { minLength: size, maxLength: size }));
    });
  const nest = (
    data: readonly number[],
    [length, ...rest]: number[],
    leaf: (x: number[]) => unknown,
  ): unknown =>
    rest.length === 0
      ? leaf([...data])
      : Array.from({ length }, (_, i) =>
          nest(data.slice((i * data.length) / length, ((i + 1) * data.length) / length), rest, leaf),
        );

  it("refuses what is not finite at any place of a typed array", async () => {
    for (const copy of [Float32Array, Float64Array].map((Type) => (all: number[]) => new Type(all)))
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        for (let at = 0; at < 11; at++) {
          const data = copy(Array.from({ length: 11 }, (_, i) => (i === at ? value : i - 5)));
          expect(await refusal(() => toTensor({ data, shape: [11, 1] }))).toBe(
            `invalid_data: x must hold finite numbers; received ${value} at x[${at}][0]`,
          );
        }
    expect(toTensor({ data: new Float32Array(11), shape: [11, 1] }).rows).toBe(11);
    // as many axes as there may be
    expect(toTensor({ data: [1], shape: Array(16).fill(1) }).rows).toBe(1);
  });

  it("reads every layout of the same array alike", () => {
    fc.assert(
      fc.property(anyTensor, ([shape, data]) => {
        const axes = shape.map((_, axis) => axis).reverse();
        const turned = ndarray(new Float32Array(data.length), [...shape].reverse()).transpose(...axes);
        const padded = ndarray(
          new Float64Array(3 + 2 * data.length).fill(Number.NaN),
          shape,
          ndarray(new Float32Array(data.length), shape).stride.map((step) => 2 * step),
          3,
        );
        const generic = ndarray(new Array<number>(data.length), shape);
        const kept = new Array<number>(data.length);
        const store = {
          length: data.length,
          get: (i: number) => kept[i],
          set: (i: number, v: number) => (kept[i] = v),
        };
        const elsewhere = ndarray(store as unknown as number[], shape);
        for (const array of [turned, padded, generic, elsewhere])
          data.forEach((value, k) => {
            let rest = k;
            const place = [...shape].reverse().map((length) => {
              const i = rest % length;
              rest = (rest - i) / length;
              return i;
            });
            array.set(...place.reverse(), value);
          });
        const layouts: unknown[] = [
          nest(data, shape, (row) => row),
          nest(data, shape, (row) => Float64Array.from(row)),
          { data, shape },
          { data: Float32Array.from(data), shape },
          { data: Float64Array.from(data), shape },
          ...[ndarray(Float32Array.from(data), shape), turned, padded, generic, elsewhere],
          ndarray(Float32Array.from([9, ...data, 9]), shape, undefined, 1),
        ];
        const expected = {
          data: Float32Array.from(data),
          rows: shape[0],
          columns: data.length / shape[0],
          shape: shape.slice(1),
        };
        for (const layout of layouts) {
          const lent = lendTensor(layout as TensorLike);
          for (const tensor of [toTensor(layout as TensorLike), ownTensor(lent)])
            expect(tensor).toEqual(expected);
          const { data, checkedCopy, ...place } = lent;
          expect({ data: Float32Array.from(data), ...place }).toEqual(expected);
          const { columns, ...rows } = toColumns(layout as TensorLike);
          expect(rows).toEqual({ rows: expected.rows, shape: expected.shape });
          expect(columns.map((values) => Array.from(values))).toEqual(
            Array.from({ length: expected.columns }, (_, j) =>
              Array.from(expected.data).filter((_value, i) => i % expected.columns === j),
            ),
          );
        }
      }),
      { numRuns: cases(50) },
    );
  });

  it("copies; lends typed arrays in row-major order, of every type", () => {
    expect(toTensor(images).data).not.toBe(numbers);
    for (const data of [
      numbers,
      Float64Array.from(numbers),
      Uint8Array.from(numbers),
      Int16Array.from(numbers),
    ]) {
      const { shape } = images;
      for (const x of [{ data, shape }, ndarray(data, shape), data]) {
        const lent = lendTensor(x);
        expect(lent.data).toBe(data);
        const own = ownTensor(lent);
        expect(own.data).not.toBe(data);
        expect(own.data).toEqual(Float32Array.from(data));
      }
    }
  });

  it("lends the part of an array that an ndarray views", () => {
    const all = Float64Array.of(9, 1, 2, 3, 4, 9);
    const { data, rows, columns } = lendTensor(ndarray(all, [2, 2], [2, 1], 1));
    expect([data, rows, columns]).toEqual([Float64Array.of(1, 2, 3, 4), 2, 2]);
    expect((data as Float64Array).buffer).toBe(all.buffer);
  });

  it.each<[string, TensorLike]>([
    [
      "nested arrays",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["a plain array", { data: [1, 2, 3, 4], shape: [2, 2] }],
    ["a transposed ndarray", ndarray(Float32Array.of(1, 3, 2, 4), [2, 2], [1, 2])],
    ["an ndarray with gaps", ndarray(Float32Array.of(1, 2, 9, 3, 4, 9), [2, 2], [3, 1])],
    ["an ndarray over a plain array", ndarray([1, 2, 3, 4], [2, 2])],
  ])("copies %s at once, and lends nothing", (_, x) => {
    const lent = lendTensor(x);
    expect(lent).toEqual({ data: Float32Array.of(1, 2, 3, 4), rows: 2, columns: 2, shape: [2] });
    expect(ownTensor(lent)).toBe(lent);
  });

  it("refuses big integers, which are lent to nobody", async () => {
    expect(await refusal(() => lendTensor({ data: BigInt64Array.of(1n), shape: [1, 1] } as never))).toMatch(
      /^invalid_data: x must hold finite numbers; received 1n? at x\[0\]\[0\]$/,
    );
  });

  it("takes a matrix with as many columns for rows of a shape", () => {
    expect(toTensor(matrix, { shape: [3, 2] })).toEqual({ ...toTensor(matrix), shape: [3, 2] });
    expect(toTensor([1, 2], { shape: [1, 1] }).shape).toEqual([1, 1]);
  });

  it.each<[string, unknown, string]>([
    [
      "a row of another shape",
      [[[1, 2]], [[3, 4]], [[5]]],
      "invalid_data: every row of x must have shape [1,2], as the first has; received length 1 in x[2][0]",
    ],
    [
      "a row of fewer parts",
      [[[1], [2]], [[3]]],
      "invalid_data: every row of x must have shape [2,1], as the first has; received length 1 in x[1]",
    ],
    [
      "a first row that is not regular",
      [[[1], [2, 3]]],
      "invalid_data: every row of x must have shape [2,1], as the first has; received length 2 in x[0][1]",
    ],
    [
      "a number in place of an array",
      [[[1]], [2]],
      "invalid_data: every row of x must have shape [1,1], as the first has; received length undefined in x[1][0]",
    ],
    [
      "an array in place of a number",
      [[[1]], [[[2]]]],
      "invalid_data: x must hold finite numbers; received [2] at x[1][0][0]",
    ],
    [
      "NaN",
      [[[1, 2]], [[3, Number.NaN]]],
      "invalid_data: x must hold finite numbers; received NaN at x[1][0][1]",
    ],
    ["a word", [[[1, "2"]]], 'invalid_data: x must hold finite numbers; received "2" at x[0][0][1]'],
    [
      "what float32 does not hold",
      { data: Float64Array.of(1, 1e39), shape: [1, 2, 1] },
      "invalid_data: x must hold finite numbers; received 1e+39 at x[0][1][0]",
    ],
    [
      "infinity that is borrowed",
      { data: Float32Array.of(1, 2, 3, 4, 5, -Infinity), shape: [3, 2, 1] },
      "invalid_data: x must hold finite numbers; received -Infinity at x[2][1][0]",
    ],
    ["no rows", { data: [], shape: [0, 8, 8] }, "invalid_shape: x must not be empty; received shape [0,8,8]"],
    ["no axes", { data: [1], shape: [] }, "invalid_shape: x must not be empty; received shape []"],
    [
      "infinity that is borrowed, at the first place",
      { data: Float32Array.of(-Infinity, 2), shape: [2, 1] },
      "invalid_data: x must hold finite numbers; received -Infinity at x[0][0]",
    ],
    ["rows of nothing", [[[]], [[]]], "invalid_shape: x must not be empty; received shape [2,1,0]"],
    [
      "a shape that does not fit",
      { data: [1, 2, 3], shape: [1, 2, 2] },
      "invalid_shape: x of shape [1,2,2] must hold 4 numbers; received 3",
    ],
    [
      "big integers",
      { data: new BigInt64Array(40), shape: [40, 1] },
      "invalid_data: x must hold finite numbers; received 0n at x[0][0]",
    ],
    ["a number", 5, "invalid_data: x must be an array, an ndarray or { data, shape }; received 5"],
    [
      "data that is no array",
      { data: 5, shape: [1, 1] },
      "invalid_argument: the data of x must be an array of numbers; received 5",
    ],
    [
      "a shape that is no array",
      { data: [1], shape: 1 },
      "invalid_argument: the shape of x must be an array of lengths, rows first; received 1",
    ],
    [
      "more axes than any layer takes",
      { data: [1], shape: Array(17).fill(1) },
      "invalid_shape: x must have at most 16 dimensions; received more",
    ],
    [
      "a length that is no integer",
      { data: [1, 2], shape: [4, 0.5] },
      "invalid_shape: the lengths of x must be integers of at least 0; received [4,0.5]",
    ],
    [
      "lengths below 0",
      { data: [1, 2, 3, 4], shape: [-2, -2] },
      "invalid_shape: the lengths of x must be integers of at least 0; received [-2,-2]",
    ],
    [
      "a row of two numbers after one of one",
      [[1], [2, 3]],
      "invalid_data: every row of x must have 1 number, as the first has; received 2 in x[1]",
    ],
    [
      "an ndarray with less data than its shape",
      ndarray(Float32Array.of(1, 2, 3), [4, 1]),
      "invalid_data: x must hold finite numbers; received undefined at x[3][0]",
    ],
    [
      "a word at the first place",
      [[["1", 2]]],
      'invalid_data: x must hold finite numbers; received "1" at x[0][0][0]',
    ],
    [
      "nothing in place of a row",
      [[[1]], undefined],
      "invalid_data: every row of x must have shape [1,1], as the first has; received length undefined in x[1]",
    ],
    [
      "a word at the first place of an ndarray",
      ndarray(["1", 2, 3, 4] as unknown as number[], [2, 2]),
      'invalid_data: x must hold finite numbers; received "1" at x[0][0]',
    ],
    [
      "a word at the end of a long list",
      { data: [...Array(39).fill(1), "2"], shape: [40] },
      'invalid_data: x must hold finite numbers; received "2" at x[39]',
    ],
    [
      "an ndarray with too few strides",
      { get: () => 1, shape: [1, 1], stride: [1] },
      'invalid_data: x must be an array, an ndarray or { data, shape }; received {"shape":[1,1],"stride":[1]}',
    ],
    [
      "an ndarray without strides",
      { get: () => 1, shape: [1] },
      'invalid_data: x must be an array, an ndarray or { data, shape }; received {"shape":[1]}',
    ],
  ])("refuses %s", async (_, x, message) => {
    expect(await refusal(() => ownTensor(lendTensor(x as TensorLike)))).toBe(message);
    expect(await refusal(() => toTensor(x as TensorLike))).toBe(message);
  });

  it("copies typed arrays by one call where that is faster than a loop", () => {
    const set = vi.spyOn(Object.getPrototypeOf(Float32Array.prototype) as Float32Array, "set");
    const calls = (x: TensorLike): number => {
      set.mockClear();
      toTensor(x);
      return set.mock.calls.length;
    };
    expect(calls({ data: new Float64Array(32), shape: [32] })).toBe(1);
    expect(calls([new Float32Array(32), new Float32Array(32)])).toBe(2);
    expect(calls(ndarray(new Float32Array(64), [2, 32]))).toBe(1);
    expect(calls({ data: new Float64Array(31), shape: [31] })).toBe(0);
    expect(calls({ data: Array(32).fill(1), shape: [32] })).toBe(0);
    set.mockRestore();
  });

  it("says how many columns it wants, and of which shape", async () => {
    expect(await refusal(() => toTensor([[1, 2]], { shape: [1] }))).toBe(
      "invalid_shape: x must have 1 column; received shape [1,2]",
    );
    expect(await refusal(() => toTensor([[1, 2]], { shape: [3] }))).toBe(
      "invalid_shape: x must have 3 columns; received shape [1,2]",
    );
    expect(await refusal(() => toTensor([[1, 2]], { shape: [1, 1] }))).toBe(
      "invalid_shape: x must have rows of shape [1,1], or 1 column; received shape [1,2]",
    );
  });

  it.each<[string, (x: TensorLike, options?: { readonly what: string }) => unknown]>([
    ["toTensor", toTensor],
    ["toTensor64", toTensor64],
    ["toColumns", toColumns],
    ["lendTensor", lendTensor],
  ])("%s calls an array x, or as it is told", async (_, read) => {
    const cases = [
      [5, "must be an array, an ndarray or { data, shape }; received 5"],
      [[], "must not be empty; received shape [0]"],
      [[[1], []], "must have 1 number, as the first has; received 0 in"],
      [[[1], ["2"]], 'must hold finite numbers; received "2" at'],
    ] as const;
    for (const [x, rule] of cases) {
      expect(await refusal(() => read(x as never))).toMatch(/^invalid_\w+: (every row of )?x /);
      const message = await refusal(() => read(x as never, { what: "y" }));
      expect(message).toContain(`y ${rule}`);
      expect(message).not.toContain("x");
    }
  });

  it("refuses an array that holds itself, and one too large for its parts, before it takes memory", async () => {
    const self: unknown[] = [];
    self.push(self);
    expect(await refusal(() => toTensor(self as never))).toBe(
      "invalid_shape: x must have at most 16 dimensions; received more",
    );
    const huge = [new Float32Array(1e6), ...new Array(1e6).fill([])];
    expect(await refusal(() => toTensor(huge as never))).toBe(
      "invalid_data: every row of x must have 1000000 numbers, as the first has; received 0 in x[1]",
    );
  });
});

describe("toColumns", () => {
  it("takes float32 for types that it holds exactly, and float64 for others", () => {
    const ofType = (data: ArrayLike<number>) => toColumns({ data, shape: [2, 2] }).columns[1];
    for (const Type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Float32Array])
      expect(ofType(Type.of(1, 2, 3, 4))).toEqual(Float32Array.of(2, 4));
    const big = 2 ** 24 + 1;
    const all = [1, big, 3, 0];
    for (const data of [Int32Array.from(all), Uint32Array.from(all), Float64Array.from(all), all])
      expect(ofType(data)).toEqual(Float64Array.of(big, 0));
  });

  it.each([
    [1, 1],
    [31, 3],
    [32, 2],
    [100, 7],
    [2, 1000],
  ])("divides %i rows of %i, and refuses what is not finite at any place", async (rows, width) => {
    const numbers = Float64Array.from({ length: rows * width }, (_, i) => i + 0.1);
    const { columns } = toColumns({ data: numbers, shape: [rows, width] });
    expect(columns.map((values) => values.length)).toEqual(Array(width).fill(rows));
    expect(numbers.every((value, i) => columns[i % width][Math.floor(i / width)] === value)).toBe(true);
    for (const at of [0, Math.floor(numbers.length / 2), numbers.length - 1])
      for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
        const data = numbers.map((number, i) => (i >= at ? value : number));
        expect(await refusal(() => toColumns({ data, shape: [rows, width] }))).toBe(
          `invalid_data: x must hold finite numbers; received ${value} at x[${Math.floor(at / width)}][${at % width}]`,
        );
      }
    expect(toColumns([[1e300]]).columns).toEqual([Float64Array.of(1e300)]);
  });
});
