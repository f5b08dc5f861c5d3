/** Calls something later. Where a timer can be told so, it does not keep the process alive. */
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
