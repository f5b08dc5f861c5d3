/** A picture as PNG, from its SVG. */
import { FettleError, must, mustBeRecord } from "../../errors.js";
import type { Plot } from "./plot.js";
import { type RenderOptions, renderSvg } from "./svg.js";

/** Options of `renderPng`, and files that it needs from the host. */
export interface PngOptions extends RenderOptions {
  /** The bytes of `@resvg/resvg-wasm/index_bg.wasm`. */
  readonly wasm: Uint8Array;
  /** The bytes of a font, TrueType or OpenType, since WebAssembly has no fonts. */
  readonly font: Uint8Array;
  /** Pixels of the file per pixel of the picture. Default 2. */
  readonly scale?: number;
}

type Resvg = typeof import("@resvg/resvg-wasm");
/** Its WebAssembly can be initialized only once. */
let started: Promise<Resvg> | undefined;

/**
 * A picture as the bytes of a PNG file, by `@resvg/resvg-wasm`, an optional peer that is imported on the
 * first call.
 *
 * @throws FettleError `unsupported` if the package `echarts` or `@resvg/resvg-wasm` is not installed
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * const save = async (wasm: Uint8Array, font: Uint8Array) => renderPng(plotHistory(studyData(study)), { wasm, font });
 * typeof save; // "function"
 * ```
 */
export async function renderPng(plot: Plot, given: PngOptions): Promise<Uint8Array> {
  mustBeRecord("the options of renderPng", given, "an object with wasm and font");
  const { wasm, font, scale = 2, ...options } = given;
  for (const [name, bytes] of Object.entries({ wasm, font }))
    must(ArrayBuffer.isView(bytes), name, "the bytes of a file", bytes);
  const svg = await renderSvg(plot, options);
  started ??= load(wasm);
  let resvg: Resvg;
  try {
    resvg = await started;
  } catch (error) {
    started = undefined;
    throw error;
  }
  const drawn = new resvg.Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers: [font] },
  });
  try {
    const image = drawn.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    drawn.free();
  }
}

async function load(wasm: PngOptions["wasm"]): Promise<Resvg> {
  let resvg: Resvg;
  try {
    resvg = await import("@resvg/resvg-wasm");
  } catch (error) {
    throw new FettleError(
      "unsupported",
      "PNG needs the package @resvg/resvg-wasm; run npm install @resvg/resvg-wasm",
      {
        cause: error,
      },
    );
  }
  await resvg.initWasm(wasm as Parameters<Resvg["initWasm"]>[0]);
  return resvg;
}
