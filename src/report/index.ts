/**
 * `fettle/report`: pictures of studies and their report, from finished or running studies. Pictures are plain JSON for ECharts, an optional
 * peer, which `renderSvg` imports when it is called. It runs no trial.
 */
export { type CurveOptions, plotCurves } from "./plots/curves.js";
export { type HistoryOptions, plotHistory } from "./plots/history.js";
export type { Plot } from "./plots/plot.js";
export { type RenderOptions, renderSvg } from "./plots/render.js";
export { type AboutStudy, type StudyData, type StudySource, studyData } from "./plots/studyData.js";
export { type PlotTheme, plotTheme } from "./plots/theme.js";
