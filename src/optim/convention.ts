/** Whose rules and defaults are followed where Keras 3 and PyTorch disagree. */
export type Convention = "keras" | "torch";

export const CONVENTIONS: readonly Convention[] = ["keras", "torch"];
