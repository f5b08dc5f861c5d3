/** Whether larger or smaller values are better, for a metric or an objective. */
export type Direction = "maximize" | "minimize";
