/**
 * A file that a command writes as it runs: its place is checked and locked first, and the file is complete or
 * absent.
 */
import { type Lock, lockFile } from "./lock.js";
import { checkFile, PartFile, refused, writing } from "./output.js";

export class WholeFile {
  private constructor(
    private readonly path: string,
    private readonly part: PartFile,
    private readonly lock: Lock,
  ) {}

  /**
   * Creates its folder if necessary, and locks the file.
   *
   * @throws FettleError `not_found` if nothing can be written there; `invalid_state` if another process
   * writes there
   */
  static async open(path: string): Promise<WholeFile> {
    checkFile(path);
    const lock = await lockFile(path);
    try {
      return new WholeFile(path, new PartFile(path), lock);
    } catch (error) {
      lock.release();
      throw refused(path, error);
    }
  }

  /** @throws WriteError */
  write(piece: string | Uint8Array): void {
    writing(this.path, () => this.part.write(piece));
  }

  /** Puts the file in its place. @throws WriteError */
  finish(): void {
    this.lock.check();
    writing(this.path, () => this.part.finish());
  }

  /** Removes the file unless it is finished, and unlocks its place. */
  close(): void {
    this.part.discard();
    this.lock.release();
  }
}
