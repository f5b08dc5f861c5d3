/**
 * The used part of Cloudflare's runtime, as types. Those of `@cloudflare/workers-types` and `wrangler types`
 * are assignable to them, so the package depends on neither. Nothing here runs.
 */

/** The part of a Durable Object's state that is used. */
export interface ObjectState {
  readonly storage: ObjectStorage;
}

/** The part of a Durable Object's storage that is used; it must be SQLite storage. */
export interface ObjectStorage {
  readonly sql: {
    exec(query: string, ...values: (string | number | ArrayBuffer)[]): Iterable<Record<string, unknown>>;
  };
  /** Writes everything that `work` writes, or nothing. */
  transactionSync<T>(work: () => T): T;
  /** Resolves when all earlier writes are durable. */
  sync(): Promise<void>;
  /** Deletes everything but the alarm. */
  deleteAll(): Promise<void>;
  /** When the alarm is due, in milliseconds since 1970. */
  getAlarm(): Promise<number | null>;
  /** Schedules a call of the object's `alarm`. */
  setAlarm(time: number): Promise<void>;
  /** Removes the alarm. */
  deleteAlarm(): Promise<void>;
}

/** The part of a queue's binding that is used. */
export interface QueueBinding {
  /** Sends messages, each of them plain data. */
  sendBatch(messages: readonly { readonly body: JobMessage }[]): Promise<unknown>;
}

/** Announces a waiting job. The message may be lost, arrive late, or arrive twice. */
export interface JobMessage {
  readonly study: string;
  /** The number of a trial; null for the final fit. */
  readonly trial: number | null;
  /** The number of the job within its trial. */
  readonly index: number;
}

/** The part of a batch of messages that is used. */
export interface JobBatch {
  readonly messages: readonly {
    readonly body: unknown;
    /** Removes the message from the queue. */
    ack(): void;
    /** Makes the queue deliver the message again. */
    retry(): void;
  }[];
}

/** The part of a binding to Durable Objects that is used. */
export interface ObjectNamespace<Id = unknown> {
  /** The id of the object with a name. */
  idFromName(name: string): Id;
  /** A stub that sends requests to an object. */
  get(id: Id): { fetch(request: Request): Promise<Response> };
}
