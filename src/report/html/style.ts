/** The style of a report: for paper, light and dark screens, and narrow ones. */
import { DARK } from "../plots/palette.js";

/** The variable of a colour of data. */
export const dataVariable = (color: string): string => `--c${color.slice(1)}`;

const data = (colorOf: (light: string, dark: string) => string): string =>
  Array.from(DARK, ([light, dark]) => `${dataVariable(light)}: ${colorOf(light, dark)};`).join(" ");

export const STYLE = `
:root { color-scheme: light dark; --page: #ffffff; --raised: #f6f8fa; --ink: #1f2328; --faint: #59636e; --grid: #e6e9ed; --edge: #d5dae0; --accent: #0062a3; --warn: #8a4b00; --warnpage: #fff5e6; ${data((light) => light)} }
@media (prefers-color-scheme: dark) { :root { --page: #14181d; --raised: #1b2027; --ink: #e6eaef; --faint: #a3adb8; --grid: #2b323a; --edge: #3a434d; --accent: #6cb6f0; --warn: #f0b56c; --warnpage: #2a2116; } }
@media screen and (prefers-color-scheme: dark) { :root { ${data((_, dark) => dark)} } }
* { box-sizing: border-box; }
html { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2.5rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 116rem; }
header { margin-bottom: 2rem; }
h1 { font-size: clamp(1.6rem, 4vw, 2.25rem); line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 0.35rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; line-height: 1.3; letter-spacing: -0.01em; margin: 0 0 0.75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; }
p { margin: 0 0 0.75rem; max-width: 46rem; overflow-wrap: anywhere; }
.lead, figcaption, .note { color: var(--faint); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.35rem 1.25rem; padding: 0; margin: 1rem 0 0; font-size: 0.95rem; }
a { color: var(--accent); text-underline-offset: 0.2em; }
a:focus-visible, [tabindex]:focus-visible, summary:focus-visible, input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
section { border-top: 1px solid var(--edge); padding-top: 2rem; margin-top: 2.5rem; }
.answer { font-size: 1.1rem; }
.big { font-size: clamp(2.2rem, 7vw, 3.2rem); font-weight: 650; letter-spacing: -0.03em; line-height: 1.1; font-variant-numeric: tabular-nums; margin: 0.25rem 0; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 2rem; margin-top: 1.25rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; }
figure.wide svg { max-width: none; }
figcaption { font-size: 0.9rem; line-height: 1.45; margin-top: 0.25rem; max-width: 36rem; overflow-wrap: anywhere; }
.plot { overflow-x: auto; }
.plot svg { display: block; max-width: 100%; height: auto; font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.scroll { overflow-x: auto; margin: 0.75rem 0; max-width: 100%; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.35rem 1.25rem 0.35rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; white-space: nowrap; }
th.number, td.number { text-align: right; }
th { color: var(--faint); font-weight: 600; }
thead th { border-bottom-color: var(--edge); }
tbody th { font-weight: 400; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 0 2.5rem; margin: 0.75rem 0; font-size: 0.95rem; }
dl div { display: flex; justify-content: space-between; gap: 1rem; border-bottom: 1px solid var(--grid); padding: 0.35rem 0; min-width: 0; }
dl.long { grid-template-columns: minmax(0, 46rem); }
dt { color: var(--faint); overflow-wrap: anywhere; }
dd { margin: 0; font-variant-numeric: tabular-nums; text-align: right; overflow-wrap: anywhere; min-width: 0; }
pre { background: var(--raised); border: 1px solid var(--grid); border-radius: 6px; padding: 0.9rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.88rem; line-height: 1.5; margin: 0.5rem 0 1rem; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
ul { margin: 0.5rem 0; padding-left: 1.25rem; max-width: 60rem; overflow-wrap: anywhere; }
ul.warnings { list-style: none; padding: 0; margin: 0.75rem 0; max-width: 60rem; }
ul.warnings li { background: var(--warnpage); border-left: 3px solid var(--warn); padding: 0.6rem 0.9rem; margin-bottom: 0.5rem; overflow-wrap: anywhere; }
.brush { margin-top: 0.75rem; }
.brush summary { cursor: pointer; font-weight: 600; width: max-content; max-width: 100%; }
.sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 0.75rem 2rem; margin: 0.75rem 0; }
fieldset { border: 0; padding: 0; margin: 0; min-width: 0; }
legend { padding: 0; font-size: 0.9rem; font-weight: 600; overflow-wrap: anywhere; }
fieldset label { display: grid; grid-template-columns: 2.8rem 1fr 5.5rem; gap: 0.5rem; align-items: center; font-size: 0.85rem; color: var(--faint); }
fieldset output { text-align: right; font-variant-numeric: tabular-nums; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
input[type="range"] { width: 100%; accent-color: var(--accent); min-height: 24px; }
button { font: inherit; color: var(--ink); background: var(--raised); border: 1px solid var(--edge); border-radius: 6px; padding: 0.3rem 0.9rem; min-height: 32px; cursor: pointer; }
.brushable svg { touch-action: pan-x; cursor: crosshair; }
.brushable .out { opacity: 0.06; }
footer { margin-top: 3rem; color: var(--faint); font-size: 0.88rem; }
@page { margin: 16mm; }
@media print { html { font-size: 12.5px; } :root { --page: #fff; --raised: #f6f8fa; --ink: #000; --faint: #444; --grid: #ddd; --edge: #bbb; --accent: #000; } body { padding: 0; max-width: none; } .brush, nav { display: none; } section { break-inside: auto; } h2, h3, section > p { break-after: avoid; } p { break-inside: avoid; } .plots { display: block; } figure { display: inline-block; width: 47%; margin: 0 2.5% 1.25rem 0; vertical-align: top; } figure.wide { width: 100%; } figure.wide svg { max-width: 100%; } section { margin-top: 1.5rem; padding-top: 1.25rem; } tr, dl div, pre { break-inside: avoid; } .scroll { overflow: visible; } table { font-size: 0.72rem; } th, td { padding-right: 0.6rem; white-space: normal; } }
`;
