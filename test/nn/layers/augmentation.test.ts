/**
 * Images that are turned and moved while a network trains: what each row may become, how often, and that
 * nothing else changes.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../../src/autograd/grad.js";
import { compile } from "../../../src/compile/compile.js";
import { constant, mul, randomUniform, sum } from "../../../src/graph/functions.js";
import { Graph, type Value } from "../../../src/graph/graph.js";
import { input } from "../../../src/graph/operations/leaves.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import {
  dense,
  flatten,
  type Layer,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
} from "../../../src/nn/layers/index.js";
import { recipeOf } from "../../../src/recipe.js";
import { cases } from "../../cases.js";
import { compiled, randomRows, reference, refusal, wasm, weightsOf } from "../support.js";

type Image = number[][][];

const call = (layer: Layer, x: Value, training: boolean): Value =>
  layer.call({
    inputs: [x],
    x,
    parameters: {},
    hyperparameters: Object.fromEntries(
      Object.entries(layer.hyperparameters).map(([name, number]) => [name, constant(x.graph, number)]),
    ),
    trainable: true,
    training,
    stream: 7,
    update() {},
  });

/** What the layer makes of images in several steps of training. */
function changed(layer: Layer, images: readonly Image[], steps: number, executor = wasm): Image[][] {
  const shape = [images.length, images[0].length, images[0][0].length, images[0][0][0].length];
  const loaded = executor.load(compile((x) => call(layer, x, true), shape));
  const results = Array.from({ length: steps }, () => JSON.parse(JSON.stringify(loaded(images))) as Image[]);
  loaded.free();
  return results;
}

const turned = (image: Image, mode: "horizontal" | "vertical"): Image =>
  mode === "vertical" ? [...image].reverse() : image.map((line) => [...line].reverse());

const at = (image: Image, i: number, j: number): number[] => image[i]?.[j] ?? image[0][0].map(() => 0);
const shifted = (image: Image, down: number, right: number): Image =>
  image.map((line, i) => line.map((_, j) => at(image, i - down, j - right)));

const images = (count: number, [height, width, channels]: readonly number[], seed = 1): Image[] =>
  randomRows(count * height, width * channels, seed).reduce<Image[]>((all, numbers, k) => {
    const line = Array.from({ length: width }, (_, j) => numbers.slice(j * channels, (j + 1) * channels));
    if (k % height === 0) all.push([]);
    all[all.length - 1].push(line);
    return all;
  }, []);

const anyShape = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 3 }),
);
const anyMode = fc.constantFrom("horizontal" as const, "vertical" as const);

describe("randomFlip", () => {
  it("leaves each image as it is, or turns it around, on either executor alike", () => {
    fc.assert(
      fc.property(anyShape, anyMode, fc.integer({ min: 1, max: 4 }), (shape, mode, count) => {
        const given = images(count, shape);
        const results = changed(randomFlip(mode), given, 4);
        for (const step of results)
          for (const [i, image] of step.entries())
            expect([given[i], turned(given[i], mode)]).toContainEqual(image);
        expect(changed(randomFlip(mode), given, 4, reference)).toEqual(results);
      }),
      { numRuns: cases(20) },
    );
  });

  it("is undone by the same draws", () => {
    const given = images(16, [3, 4, 2]);
    for (const mode of ["horizontal", "vertical"] as const) {
      // the first step of each draws the same
      const [once] = changed(randomFlip(mode), given, 1);
      expect(once).not.toEqual(given);
      expect(changed(randomFlip(mode), once, 1)).toEqual([given]);
    }
  });

  it("turns half of the images, each step others", () => {
    const given = images(500, [1, 2, 1]);
    const steps = changed(randomFlip("horizontal"), given, 4);
    const flips = steps.map((step) => step.map((image, i) => String(image) !== String(given[i])));
    const share = flips.flat().filter(Boolean).length / 2000;
    // four standard deviations of a share of 2,000 draws
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 2000));
    expect(flips[0]).not.toEqual(flips[1]);
  });

  it("turns a quarter of the images along both axes, and none, and either", () => {
    const given = images(500, [2, 3, 1]);
    const steps = changed(randomFlip("horizontalAndVertical"), given, 4);
    const forms = given.map((image) => {
      const sideways = turned(image, "horizontal");
      return [image, sideways, turned(image, "vertical"), turned(sideways, "vertical")].map(String);
    });
    const found = steps.flatMap((step) => step.map((image, i) => forms[i].indexOf(String(image))));
    // four standard deviations of a share of 2,000 draws
    for (const form of [0, 1, 2, 3]) {
      const share = found.filter((each) => each === form).length / 2000;
      expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / 2000));
    }
    expect(found).not.toContain(-1);
  });

  it.each([
    [
      "a mode",
      () => randomFlip("sideways" as never),
      'invalid_argument: mode must be one of horizontal, vertical, horizontalAndVertical; received "sideways"',
    ],
    [
      "a table",
      () => randomFlip("vertical").outputShape([4]),
      "invalid_shape: randomFlip must take rows of shape [height, width, channels]; received [4]",
    ],
    [
      "a part of a pixel",
      () => randomTranslation(0.5, 1),
      "invalid_argument: height must be an integer of at least 0; received 0.5",
    ],
    [
      "fewer than none",
      () => randomTranslation(1, -1),
      "invalid_argument: width must be an integer of at least 0; received -1",
    ],
    [
      "all of the image",
      () => randomTranslation(1, 4).outputShape([8, 4, 1]),
      "invalid_shape: randomTranslation must move images by less than their size; received 1 and 4 for [8, 4, 1]",
    ],
  ])("refuses %s", async (_, run, message) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe("randomTranslation", () => {
  it("moves each image by whole pixels within its bounds, with zeros at the edges, on either executor alike", () => {
    fc.assert(
      fc.property(
        anyShape,
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 0, max: 2 }),
        (shape, height, width) => {
          fc.pre(height < shape[0] && width < shape[1]);
          const given = images(3, shape);
          const results = changed(randomTranslation(height, width), given, 3);
          for (const step of results)
            for (const [i, image] of step.entries()) {
              const allowed: Image[] = [];
              for (let down = -height; down <= height; down++)
                for (let right = -width; right <= width; right++)
                  allowed.push(shifted(given[i], down, right));
              expect(allowed).toContainEqual(image);
            }
          expect(changed(randomTranslation(height, width), given, 3, reference)).toEqual(results);
        },
      ),
      { numRuns: cases(20) },
    );
  });

  it.each([
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 2],
  ])("by at most %d and %d pads %d axes", (height, width, axes) => {
    const x = input(new Graph(), "x", [2, 3, 3, 1]);
    call(randomTranslation(height, width), x, true);
    expect(x.graph.nodes.filter(({ op }) => op === "pad").length).toBe(axes);
  });

  it("makes each move as often as the others, and those of the axes apart", () => {
    const given = Array.from({ length: 900 }, () => [
      [[1], [2], [3]],
      [[4], [5], [6]],
      [[7], [8], [9]],
    ]);
    const [step] = changed(randomTranslation(1, 1), given, 1);
    const counts = new Map<string, number>();
    for (const image of step) counts.set(String(image), (counts.get(String(image)) ?? 0) + 1);
    expect(counts.size).toBe(9);
    // 900 draws of 9: four standard deviations of a count
    for (const count of counts.values())
      expect(Math.abs(count - 100)).toBeLessThan(4 * Math.sqrt((900 * 8) / 81));
  });
});

describe("randomZoom", () => {
  /** The image of a tent around each place, `vertical` and `horizontal` times as far from its centre. */
  const zoomed = (image: Image, vertical: number, horizontal: number): Image => {
    const tents = (length: number, share: number): number[][] =>
      Array.from({ length }, (_, to) => {
        const place = (to - (length - 1) / 2) * share + (length - 1) / 2;
        return Array.from({ length }, (__, from) => Math.max(0, 1 - Math.abs(place - from)));
      });
    const rows = tents(image.length, vertical);
    const columns = tents(image[0].length, horizontal);
    return rows.map((down) =>
      columns.map((across) =>
        image[0][0].map((_, c) =>
          down.reduce(
            (sum, y, i) => sum + y * across.reduce((part, x, j) => part + x * image[i][j][c], 0),
            0,
          ),
        ),
      ),
    );
  };
  /** Corners of a grid of numbers tell the factors of a step: it is searched for the nearest. */
  const shareOf = (found: Image, given: Image, same: boolean): [number, number] => {
    const near = (a: Image, b: Image): number => {
      const [p, q] = [a.flat(2), b.flat(2)];
      return p.reduce((most, number, i) => Math.max(most, Math.abs(number - q[i])), 0);
    };
    const shares = Array.from({ length: 201 }, (_, i) => 0.5 + i / 200);
    let best: [number, number] = [1, 1];
    let least = Number.POSITIVE_INFINITY;
    for (const vertical of shares)
      for (const horizontal of same ? [vertical] : shares) {
        const distance = near(found, zoomed(given, vertical, horizontal));
        if (distance < least) [best, least] = [[vertical, horizontal], distance];
      }
    // shares are at most 1/400 from one of the grid, which moves a place by less than 1/100 of a pixel
    expect(least).toBeLessThan(0.05);
    return best;
  };
  const given = images(12, [4, 5, 2]);

  it("shows as much of the images as was drawn, both sides alike or each by itself", () => {
    for (const [layer, same] of [
      [randomZoom(0.5), true],
      [randomZoom(0.5, 0.25), false],
    ] as const) {
      const [step] = changed(layer, same ? given : given.slice(0, 2), 1, reference);
      const shares = step.map((image, i) => shareOf(image, given[i], same));
      for (const [vertical, horizontal] of shares) {
        expect(Math.abs(vertical - 1)).toBeLessThanOrEqual(0.5);
        expect(Math.abs(horizontal - 1)).toBeLessThanOrEqual(same ? 0.5 : 0.2525);
      }
      expect(new Set(shares.map(String)).size).toBe(shares.length);
      expect(shares.some(([vertical]) => vertical < 1) && shares.some(([vertical]) => vertical > 1)).toBe(
        same || shares.some(([vertical]) => vertical < 1),
      );
    }
  });

  it("by no share leaves images as they are, on either executor", () => {
    for (const executor of [reference, wasm])
      expect(changed(randomZoom(0), given, 2, executor)).toEqual([given, given]);
  });

  it("has numbers that a tuner changes", () => {
    expect(randomZoom(0.5).hyperparameters).toEqual({ height: 0.5 });
    expect(randomZoom(0.5, 0).hyperparameters).toEqual({ height: 0.5, width: 0 });
    expect(recipeOf(randomZoom(0.5))).toBe(recipeOf(randomZoom(0.25)));
    expect(recipeOf(randomZoom(0.5, 0.5))).not.toBe(recipeOf(randomZoom(0.5)));
  });

  it.each([
    [
      "an image of no size",
      () => randomZoom(1),
      "invalid_argument: height must be a number in [0, 1); received 1",
    ],
    [
      "less than nothing",
      () => randomZoom(0.5, -0.5),
      "invalid_argument: width must be a number in [0, 1); received -0.5",
    ],
    [
      "a table",
      () => randomZoom(0.5).outputShape([4]),
      "invalid_shape: randomZoom must take rows of shape [height, width, channels]; received [4]",
    ],
  ])("refuses %s", async (_, run, message) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe("randomRotation", () => {
  /** The image where each place is turned around the centre, between the four nearest pixels. */
  const rotated = (image: Image, angle: number): Image => {
    const [y0, x0] = [(image.length - 1) / 2, (image[0].length - 1) / 2];
    return image.map((line, i) =>
      line.map((pixel, j) => {
        const y = Math.sin(angle) * (j - x0) + Math.cos(angle) * (i - y0) + y0;
        const x = Math.cos(angle) * (j - x0) - Math.sin(angle) * (i - y0) + x0;
        const [top, left] = [Math.floor(y), Math.floor(x)];
        const [lower, right] = [y - top, x - left];
        return pixel.map(
          (_, c) =>
            (1 - lower) * ((1 - right) * at(image, top, left)[c] + right * at(image, top, left + 1)[c]) +
            lower * ((1 - right) * at(image, top + 1, left)[c] + right * at(image, top + 1, left + 1)[c]),
        );
      }),
    );
  };
  /** The draws of the first step, from [0, 1). */
  const drawsOf = (count: number, executor: typeof wasm): number[] => {
    const shape = [count, 1, 1];
    const run = executor.load(compile((x: Value) => mul(randomUniform(x.graph, shape, 7), x), shape));
    return [...run(Array.from({ length: count }, () => [[1]])).data];
  };

  it("turns each image by the angle that was drawn, up to the factor of a full turn", () => {
    fc.assert(
      fc.property(
        anyShape,
        fc.constantFrom(0.125, 0.5, 1),
        fc.integer({ min: 1, max: 4 }),
        (shape, factor, count) => {
          const given = images(count, shape);
          // of numbers below 1, at places up to 4 from the centre, by angles up to 2π: a place is off by
          // 2π · 4 roundings and a pixel by as much, in each direction
          for (const [executor, room] of [
            [reference, 2 ** -45],
            [wasm, 2 ** -16],
          ] as const) {
            const draws = drawsOf(count, executor);
            const [step] = changed(randomRotation(factor), given, 1, executor);
            for (const [i, image] of step.entries()) {
              const expected = rotated(given[i], 2 * Math.PI * factor * (2 * draws[i] - 1)).flat(2);
              image.flat(2).forEach((value, k) => {
                expect(Math.abs(value - expected[k])).toBeLessThanOrEqual(room);
              });
            }
          }
        },
      ),
      { numRuns: cases(20) },
    );
  });

  it("by nothing leaves images as they are, on either executor, and its factor is a number that a tuner changes", () => {
    const given = images(3, [4, 5, 2]);
    for (const executor of [reference, wasm])
      expect(changed(randomRotation(0), given, 2, executor)).toEqual([given, given]);
    expect(randomRotation(0.5).hyperparameters).toEqual({ factor: 0.5 });
    expect(recipeOf(randomRotation(0.5))).toBe(recipeOf(randomRotation(0.25)));
  });

  it.each([
    [
      "more than a turn",
      () => randomRotation(1.5),
      "invalid_argument: factor must be a number in [0, 1]; received 1.5",
    ],
    [
      "a table",
      () => randomRotation(0.5).outputShape([4]),
      "invalid_shape: randomRotation must take rows of shape [height, width, channels]; received [4]",
    ],
  ])("refuses %s", async (_, run, message) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe.each<[string, () => Layer]>([
  ["randomFlip", () => randomFlip("horizontal")],
  ["randomTranslation", () => randomTranslation(1, 2)],
  ["randomZoom", () => randomZoom(0.5, 0.25)],
  ["randomRotation", () => randomRotation(0.5)],
])("%s", (_, make) => {
  const shape = [3, 4, 2];
  const x = images(20, shape, 3);
  const y = randomRows(20, 1, 4);
  const build = (...first: Layer[]) =>
    compiled([...first, flatten(), dense(1)], { optimizer: "adam", loss: "meanSquaredError" });
  const fit = { epochs: 3, batchSize: 8, seed: 5 };

  it("has the gradient of what it did", () => {
    // ⟨layer(x), c⟩ is linear in x: its gradient at x, times x, is the value
    const inner = compile(
      (x, c) => {
        const value = sum(mul(call(make(), x, true), c));
        const [gradient] = gradients(value, [x]);
        return [value, sum(mul(gradient, x))];
      },
      [20, ...shape],
      [20, ...shape],
    );
    const loaded = reference.load(inner);
    const [value, along] = loaded(x, images(20, shape, 6));
    expect(along.get()).toBeCloseTo(value.get(), 12);
    expect(value.get()).not.toBe(0);
    loaded.free();
  });

  it("changes training, to the same bits of the same seed, and nothing else", async () => {
    const [plain, one, same, other] = [build(), build(make()), build(make()), build(make())];
    await plain.fit(x, y, fit);
    await one.fit(x, y, fit);
    await same.fit(x, y, fit);
    await other.fit(x, y, { ...fit, seed: 6 });
    expect(weightsOf(same)).toEqual(weightsOf(one));
    expect(weightsOf(other)).not.toEqual(weightsOf(one));
    expect(weightsOf(plain)).not.toEqual(weightsOf(one));
    plain.setWeights(one.getWeights() as never);
    expect(one.predict(x).data).toEqual(plain.predict(x).data);
    expect(one.evaluate(x, y)).toEqual(plain.evaluate(x, y));
  });

  it("is kept in a file", async () => {
    const model = build(make());
    await model.fit(x, y, fit);
    const { model: loaded } = await loadModel(saveModel(model, { optimizer: true }));
    expect(loaded.predict(x).data).toEqual(model.predict(x).data);
    await Promise.all([model, loaded].map((each) => each.fit(x, y, { ...fit, epochs: 5 })));
    expect(weightsOf(loaded)).toEqual(weightsOf(model));
  });
});
