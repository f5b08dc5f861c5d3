/** What the process's exit codes mean; `--help` states them too. */
export const EXIT = {
  success: 0,
  /** Nothing was found (no trial gave a value, no rate lowered the loss), a law was broken, or Fettle itself failed. */
  failure: 1,
  /** The command line, the data or the space was refused; nothing was run. */
  badInput: 2,
  /** Ctrl-C; what was found so far is printed. */
  interrupted: 130,
} as const;
