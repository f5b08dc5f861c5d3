/** The exit codes of the process; `--help` states them too. */
export const EXIT = {
  success: 0,
  /** There is no result (no trial has a value, no rate lowers the loss), a law is broken, or a file or the command failed. */
  failure: 1,
  /** The command line, the data or the space is invalid; nothing was run. */
  badInput: 2,
  /** Ctrl-C; results so far are printed or kept. */
  interrupted: 130,
} as const;
