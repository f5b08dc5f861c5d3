/**
 * The colours of all pictures. Those of studies are chosen from schemes that are safe for colour-blind
 * readers, so that each has a contrast of at least 3 : 1 with white, and its counterpart in `DARK` with a
 * dark screen; shapes or places make the same distinctions.
 *
 * Each optimizer has its colour and dashes in the pictures of benchmarks. Nine colours are P. Tol's "muted"
 * scheme (Colour Schemes, SRON/EPS/TN/09-002, 2021), four are of his "vibrant"; each scheme is safe for
 * colour-blind readers. Dashes distinguish neighbours without colour.
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

/** For unordered things such as classes. */
export const SERIES: readonly string[] = [
  COLORS.best,
  COLORS.warm,
  COLORS.trial,
  COLORS.second,
  COLORS.third,
  "#7F5FBF",
];

/**
 * From low to high: from little colour to much. Text on them has its own colour, so they are the same on
 * light and dark screens.
 */
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

/** Steps from the worst to the best: more could not be distinguished. */
const STEPS = 20;
/** From grey to blue, on paper and on a dark screen. */
const ENDS = { light: ["#8C8C8C", COLORS.best], dark: ["#6F7A82", "#49AFFF"] } as const;

/** From grey for the worst to blue for the best, at 0 to 1. */
export const mixed = (share: number): string => step(Math.round(share * STEPS), ENDS.light);

function step(at: number, ends: readonly [from: string, to: string]): string {
  const [from, to] = ends.map((color) => Number.parseInt(color.slice(1), 16));
  const part = (shift: number): number => {
    const [low, high] = [(from >> shift) & 255, (to >> shift) & 255];
    return Math.round(low + (at / STEPS) * (high - low)) << shift;
  };
  return `#${(part(16) + part(8) + part(0)).toString(16).padStart(6, "0").toUpperCase()}`;
}

/**
 * The counterpart of each colour on a dark screen: lighter, in the same order, and at least as distinct for
 * colour-blind readers of any kind as the colours on paper.
 */
export const DARK: ReadonlyMap<string, string> = new Map([
  ...Array.from(
    { length: STEPS + 1 },
    (_, at) => [step(at, ENDS.light), step(at, ENDS.dark)] as [string, string],
  ),
  [COLORS.best, "#49AFFF"],
  [COLORS.warm, "#F3623C"],
  [COLORS.trial, "#18E1C5"],
  [COLORS.second, "#FE79A8"],
  [COLORS.third, "#E1A83E"],
  [SERIES[5], "#BD83E9"],
  [COLORS.grey, "#93A5A7"],
]);
