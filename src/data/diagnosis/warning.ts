/** Something about a data set that a user should know before a study. */
export interface Warning {
  readonly type:
    | "leakage"
    | "tellingGaps"
    | "duplicates"
    | "nearlyConstant"
    | "targetOutliers"
    | "moreFeaturesThanRows"
    | "rareClass"
    | "timeColumn"
    | "newWords";
  /** The columns that it concerns; empty if it concerns rows. */
  readonly columns: readonly string[];
  /** For people: what was found, and what to do. */
  readonly message: string;
}
