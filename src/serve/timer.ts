/** Calls a function later. If the host allows it, the timer does not keep the process alive. */
export function later(milliseconds: number, call: () => void): void {
  const timer: unknown = setTimeout(call, milliseconds);
  (timer as { unref?(): void }).unref?.();
}

/** Resolves later. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
