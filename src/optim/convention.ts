/** Whose rules and defaults apply where Keras 3 and PyTorch disagree. */
export type Convention = "keras" | "torch";

export const CONVENTIONS: readonly Convention[] = ["keras", "torch"];
