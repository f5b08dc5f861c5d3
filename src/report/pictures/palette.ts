/**
 * The colour and the dashes of each optimizer, the same in all pictures. Nine colours are P. Tol's "muted" scheme
 * (Colour Schemes, SRON/EPS/TN/09-002, 2021), four are of his "vibrant"; each scheme is safe for colour-blind readers. Dashes distinguish
 * neighbours without colour.
 */

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
