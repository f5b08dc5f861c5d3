/** The limits of a server. Refusals come before any work, and name both figures. */
import type { ErrorCode } from "../errors.js";
import type { Space } from "../search/space/space.js";
import type { StudyStorage } from "../store/storage.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import { budgetFor } from "../tune/tuner/study.js";
import { Refusal } from "./responses.js";

/** A refusal of more than a server allows. */
export class LimitError extends Refusal {
  /**
   * @param status - 422 if the request itself asks for too much, 507 if the client must free space first, 429
   * and 503 if it may be sent again later
   * @param retryAfter - the seconds to wait
   */
  constructor(
    status: 422 | 429 | 503 | 507,
    message: string,
    retryAfter?: number,
    code: ErrorCode = "limit_exceeded",
  ) {
    super(status, code, message, retryAfter === undefined ? {} : { "retry-after": String(retryAfter) });
  }
}

/** Refuses a study with more trials than `most`. @throws LimitError */
export function checkTrials<S extends Space>(options: TunerOptions<S>, most: number): void {
  const { trials } = budgetFor(options);
  if (trials > most)
    throw new LimitError(
      422,
      `trials must be at most ${most}; received ${trials}. The server's limit is maxTrials`,
    );
}

/** Refuses a study whose trainings need more than `most` bytes. @throws LimitError `memory_limit` */
export function checkMemory(bytes: number, most: number): void {
  if (bytes <= most) return;
  throw new LimitError(
    422,
    `the memory of a training must be at most ${most} bytes; received a space whose largest model needs ${bytes} with ` +
      "its rows. Use fewer units or smaller batches; the server's limit is maxStudyMemory",
    undefined,
    "memory_limit",
  );
}

/** The most readers of the events of a study. */
const MOST_LISTENERS = 100;

/** Refuses a further reader of the events of a study. @throws LimitError */
export function checkListeners(present: number): void {
  if (present < MOST_LISTENERS) return;
  throw new LimitError(
    429,
    `readers of the events of a study must be at most ${MOST_LISTENERS}; received one more`,
    1,
  );
}

/** Refuses another study if a storage is full. @throws LimitError */
export async function checkRoomInStorage(storage: StudyStorage, most: number): Promise<void> {
  if (most === Number.POSITIVE_INFINITY) return;
  const { length } = await storage.names();
  if (length >= most)
    throw new LimitError(
      507,
      `studies must be at most ${most}; received one more than the ${length} in the storage. DELETE studies that have ended; ` +
        "the server's limit is maxStudies",
    );
}

/** Seconds after which a running study may have ended. */
const SOON = 10;

/** The resources of running studies in a process. */
export class Room {
  /** Bytes, by study. */
  private readonly taken = new Map<string, number>();

  /**
   * @param studies - the most running studies
   * @param bytes - the most bytes of all of them
   */
  constructor(
    private readonly studies: number,
    private readonly bytes: number,
  ) {}

  /** Reserves resources for a study. @throws LimitError if there are none */
  reserve(id: string, bytes: number): void {
    const others = [...this.taken].filter(([other]) => other !== id);
    if (others.length >= this.studies)
      throw new LimitError(
        429,
        `running studies must be at most ${this.studies}; received one more. Wait until one has ended, or pause one; ` +
          "the server's limit is maxRunning",
        SOON,
      );
    const all = others.reduce((sum, [, each]) => sum + each, bytes);
    if (all > this.bytes)
      throw new LimitError(
        503,
        `the memory of all running studies must be at most ${this.bytes} bytes; received a study that needs ${bytes}, in addition to ` +
          `${all - bytes} of the others. Wait until one has ended, or pause one; the server's limit is maxMemory`,
        SOON,
        "memory_limit",
      );
    this.hold(id, bytes);
  }

  /** Reserves resources for a study that was running before this process started. */
  hold(id: string, bytes: number): void {
    this.taken.set(id, bytes);
  }

  release(id: string): void {
    this.taken.delete(id);
  }
}
