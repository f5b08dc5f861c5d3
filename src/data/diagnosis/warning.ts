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
  /** The columns that it is about; none where it is about rows. */
  readonly columns: readonly string[];
  /** For people: what was found, and what to do. */
  readonly message: string;
}
