/** The suite of `quality`. */
import { classical } from "./classical.js";
import { digits } from "./digits.js";
import type { TestFunction } from "./problem.js";
import { structured } from "./structured.js";

export const functions: readonly TestFunction[] = [...classical, ...structured, digits];
