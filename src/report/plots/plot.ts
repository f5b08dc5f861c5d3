/**
 * The contract of pictures: plain JSON, so that they can be sent to a page and read back. `render.ts` draws
 * them, and `theme.ts` gives them the colours of paper or screen. It uses no type of ECharts, which is
 * optional.
 */

/** What ECharts draws, an `EChartsOption`. It has no functions. */
export interface PlotOption {
  readonly [name: string]: unknown;
}

/** A picture as plain JSON. */
export interface Plot {
  /** The name of its file, without extension. */
  readonly name: string;
  readonly title: string;
  /** A description of one or two sentences, made from the numbers. */
  readonly description: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly option: PlotOption;
}

/** An axis with its name, as an option of ECharts. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  /** Characters of its longest label. */
  readonly longest: number;
  readonly option: Readonly<Record<string, unknown>>;
}

/** A point of a picture. */
export type Point = readonly [x: number, y: number];
