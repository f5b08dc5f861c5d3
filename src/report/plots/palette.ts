/**
 * The colours of all pictures. Those of studies are chosen from schemes that are safe for colour-blind readers, so that each has a contrast of at
 * least 3 : 1 with white and with a dark screen; what they tell apart, shapes or places tell apart as well.
 *
 * Each optimizer has its colour and dashes in the pictures of benchmarks. Nine colours are P. Tol's "muted" scheme
 * (Colour Schemes, SRON/EPS/TN/09-002, 2021), four are of his "vibrant"; each scheme is safe for colour-blind readers. Dashes distinguish
 * neighbours without colour.
 */

/** The colours of a study's pictures: P. Tol's "vibrant" scheme, and a grey. */
export const COLORS = {
  best: "#0077BB",
  trial: "#009988",
  warm: "#CC3311",
  second: "#EE3377",
  third: "#A65E00",
  grey: "#888888",
} as const;

/** Of things without an order, such as classes, one after another. */
export const SERIES: readonly string[] = [
  COLORS.best,
  COLORS.warm,
  COLORS.trial,
  COLORS.second,
  COLORS.third,
  "#7F5FBF",
];

/** From low to high: from little colour to much, readable on light and dark. */
export const RAMP: readonly string[] = ["#C9DDEB", "#8FBBDA", "#5196C7", "#1F72AC", "#0B4F85"];

/** How a line is drawn. */
export interface LineStyle {
  readonly color: string;
  /** Lengths of dashes and gaps in pixels, or an unbroken line. */
  readonly type: "solid" | readonly number[];
}

const SOLID = "solid";
const DASHED = [7, 3];
const DOTTED = [2, 2];
const MIXED = [8, 2, 2, 2];

const BUILT_IN: Readonly<Record<string, LineStyle>> = {
  sgd: { color: "#882255", type: SOLID },
  adam: { color: "#332288", type: SOLID },
  adamw: { color: "#88CCEE", type: DASHED },
  nadam: { color: "#44AA99", type: DOTTED },
  adamax: { color: "#117733", type: MIXED },
  rmsprop: { color: "#999933", type: SOLID },
  adagrad: { color: "#DDCC77", type: DASHED },
  adadelta: { color: "#CC6677", type: DOTTED },
  lion: { color: "#AA4499", type: MIXED },
  adafactor: { color: "#EE7733", type: DASHED },
  lamb: { color: "#0077BB", type: DOTTED },
  muon: { color: "#CC3311", type: SOLID },
  scheduleFreeAdamW: { color: "#EE3377", type: MIXED },
};

/** For custom optimizers: greys, which differ from all those colours. */
const OTHERS = ["#000000", "#777777", "#AAAAAA"].flatMap((color) =>
  [SOLID, DASHED, DOTTED, MIXED].map((type): LineStyle => ({ color, type }) as LineStyle),
);

/** The styles of optimizers; those of custom ones repeat from the thirteenth on. */
export function stylesOf(optimizers: readonly string[]): ReadonlyMap<string, LineStyle> {
  const own = optimizers.filter((name) => !Object.hasOwn(BUILT_IN, name));
  return new Map(
    optimizers.map((name) => [name, BUILT_IN[name] ?? OTHERS[own.indexOf(name) % OTHERS.length]]),
  );
}

/** From grey for the worst to blue for the best, at 0 to 1; each step is readable on light and dark. */
export function mixed(share: number): string {
  const [from, to] = [GREY, BLUE];
  const parts = from.map((part, i) => Math.round(part + share * (to[i] - part)));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("").toUpperCase()}`;
}

const [GREY, BLUE] = [
  [0x8c, 0x8c, 0x8c],
  [0x00, 0x77, 0xbb],
];
