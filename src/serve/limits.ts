/** The limits of a server: what is refused before any work, with both figures. */
import type { ErrorCode } from "../errors.js";
import type { Space } from "../search/space/space.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import { budgetFor } from "../tune/tuner/study.js";
import { Refusal } from "./responses.js";
import type { Store } from "./store.js";

/** A refusal for what is more than a server allows. */
export class LimitError extends Refusal {
  /**
   * @param status - 422 where the request itself asks for too much, 507 where it must make room first, 429 and 503 where it may
   * be sent again later
   * @param retryAfter - after how many seconds
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

/** Refuses a study of more trials than `most`. @throws LimitError */
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

/** Refuses a further study where a store that has `keys` has as many as it may. @throws LimitError */
export async function checkRoomInStore(store: Store, most: number): Promise<void> {
  if (most === Number.POSITIVE_INFINITY || !store.keys) return;
  const { length } = [...(await store.keys())];
  if (length >= most)
    throw new LimitError(
      507,
      `studies must be at most ${most}; received one more than the ${length} in the store. DELETE studies that have ended; ` +
        "the server's limit is maxStudies",
    );
}

/** Seconds after which a study that runs may have ended. */
const SOON = 10;

/** The room that running studies take in a process. */
export class Room {
  /** Bytes, by study. */
  private readonly taken = new Map<string, number>();

  /**
   * @param studies - how many may run
   * @param bytes - how many they may need in all
   */
  constructor(
    private readonly studies: number,
    private readonly bytes: number,
  ) {}

  /** Takes room for a study that is to run. @throws LimitError where there is none */
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
        `the memory of all running studies must be at most ${this.bytes} bytes; received a study that needs ${bytes} beside ` +
          `${all - bytes} of the others. Wait until one has ended, or pause one; the server's limit is maxMemory`,
        SOON,
        "memory_limit",
      );
    this.hold(id, bytes);
  }

  /** Takes room for a study that was running before this process began. */
  hold(id: string, bytes: number): void {
    this.taken.set(id, bytes);
  }

  release(id: string): void {
    this.taken.delete(id);
  }
}
