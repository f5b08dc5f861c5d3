/** The exit codes of every command; `--help` prints this table, and docs/models.md repeats it. */
export const EXIT = {
  success: 0,
  failure: 1,
  badInput: 2,
  /** As shells report a process that a signal ended: 128 plus the number of the signal. */
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What each code means, in the order of the codes. */
export const MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [
    EXIT.success,
    "success, or the reader of the output has closed it, or a signal has stopped what ends in no other way: serve, " +
      "dashboard, worker --wait",
  ],
  [
    EXIT.failure,
    "no result (no trial has a value, no rate lowers the loss), a broken law, another study than the model's, output that " +
      "cannot be written, such as on a full disk, or an internal error",
  ],
  [EXIT.badInput, "invalid command line, data or space, or a place that cannot be written; nothing was run"],
  [EXIT.hungUp, "the terminal was closed (SIGHUP)"],
  [EXIT.interrupted, "interrupted by Ctrl-C (SIGINT)"],
  [EXIT.terminated, "terminated (SIGTERM); after each of these three, results so far are printed or kept"],
];
