/** PNG, read back by its header, with a font of Debian's where there is one. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { plotHistory } from "../../../src/report/plots/history.js";
import { renderPng } from "../../../src/report/plots/png.js";
import { float } from "../../../src/search/space/builders.js";
import { studyOf } from "./support.js";

const FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

const wasm = readFileSync(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm"));
const plot = plotHistory(studyOf({ x: float(0, 1) }, [[{ x: 0 }, { value: 1 }]]));

// first, since its WebAssembly can be initialized only once
it("refuses bytes that are not its WebAssembly, and then takes those that are", async () => {
  const font = new Uint8Array();
  await expect(renderPng(plot, { wasm: wasm.subarray(0, 100), font })).rejects.toThrow(/WebAssembly/);
  expect((await renderPng(plot, { wasm, font })).length).toBeGreaterThan(1000);
}, 30_000);

it("has the size of the picture times the scale, each time the same bytes, and text with a font", async () => {
  const font = existsSync(FONT) ? readFileSync(FONT) : new Uint8Array();
  const png = await renderPng(plot, { wasm, font, scale: 2 });
  const view = new DataView(png.buffer, png.byteOffset);
  expect([...png.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
  expect([view.getUint32(16), view.getUint32(20)]).toEqual([2 * plot.width, 2 * plot.height]);
  expect(await renderPng(plot, { wasm, font, scale: 2 })).toEqual(png);
  const bare = await renderPng(plot, { wasm, font: new Uint8Array(), scale: 2 });
  if (font.length > 0) expect(png.length).toBeGreaterThan(1.2 * bare.length);
}, 30_000);
