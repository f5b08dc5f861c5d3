/** Whether larger or smaller values are better: of a metric, and of a study's objective. */
export type Direction = "maximize" | "minimize";
