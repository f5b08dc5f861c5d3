/**
 * `fettle/report`: pictures of studies and their report, from finished or running studies. Pictures are plain
 * JSON for ECharts, an optional peer, which `renderSvg` and `createReport` import when called. It runs no
 * trial.
 */

export type { ReportedData, ReportOptions } from "./html/options.js";
export { createReport } from "./html/report.js";
export { type StudyMarkdownOptions, studyMarkdown } from "./markdown.js";
export { plotCalibration } from "./plots/calibration.js";
export { type ComparisonOptions, plotComparison } from "./plots/comparison.js";
export { type CurveOptions, plotCurves } from "./plots/curves.js";
export { chartOption } from "./plots/drawable.js";
export { plotParetoFront } from "./plots/front.js";
export { type HistoryOptions, plotHistory } from "./plots/history.js";
export { type ImportancePlotOptions, plotImportances } from "./plots/importances.js";
export { type PairOptions, plotContour, plotRanks } from "./plots/pairs.js";
export { type ParallelOptions, plotParallel } from "./plots/parallel.js";
export type { Plot, PlotOption } from "./plots/plot.js";
export { type PngOptions, renderPng } from "./plots/png.js";
export {
  type Predictions,
  plotConfusion,
  plotPrecisionRecall,
  plotRoc,
} from "./plots/quality.js";
export { plotRates, plotSweep, type Sweep, type SweptValue } from "./plots/rates.js";
export { plotResiduals, plotSegments, type SegmentColumn } from "./plots/residuals.js";
export { plotSlice, type SlicePlotOptions } from "./plots/slices.js";
export { type AboutStudy, type StudyData, type StudySource, studyData } from "./plots/studyData.js";
export { type RenderOptions, renderSvg } from "./plots/svg.js";
export { type PlotTheme, plotTheme } from "./plots/theme.js";
export { plotTimeline } from "./plots/timeline.js";
export { plotTraining, type TrainingPlotOptions } from "./plots/training.js";
export { studyRows, type TrialRow } from "./records.js";
export type { CalibrationReport, EnsembleReport } from "./study.js";
export { type TensorboardFile, tensorboardFiles } from "./tensorboard/tensorboard.js";
export { type TrainingTextOptions, trainingText } from "./terminal/training.js";
