// Removes dist/, so that it contains no output of deleted sources.
import { rmSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
