/** How many jobs run at a time, as users choose it. */
import { platform } from "#platform";
import { ALL_PROCESSORS } from "../rules.js";

/** So many; by default as many as the host has processors. */
export const jobsOf = (jobs = ALL_PROCESSORS): number =>
  jobs === ALL_PROCESSORS ? platform.parallelism() : jobs;
