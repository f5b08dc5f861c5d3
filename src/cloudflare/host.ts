/**
 * What the kit uses of Cloudflare's runtime, as types of its own: those of a project's `@cloudflare/workers-types` or
 * `wrangler types` fit them, and the package depends on neither. Nothing here runs.
 */

/** Of a Durable Object's state, what is used. */
export interface ObjectState {
  readonly storage: ObjectStorage;
}

/** Of a Durable Object's storage, what is used; it is a SQLite one. */
export interface ObjectStorage {
  readonly sql: {
    exec(query: string, ...values: (string | number | ArrayBuffer)[]): Iterable<Record<string, unknown>>;
  };
  /** All that `work` writes, or nothing. */
  transactionSync<T>(work: () => T): T;
  /** Resolves when everything written is there for good. */
  sync(): Promise<void>;
  /** Deletes all that is written, but for the alarm. */
  deleteAll(): Promise<void>;
  /** When the alarm is set for, in milliseconds since 1970. */
  getAlarm(): Promise<number | null>;
  /** Has the object's `alarm` called at a time. */
  setAlarm(time: number): Promise<void>;
  /** Forgets the alarm. */
  deleteAlarm(): Promise<void>;
}

/** Of a binding to a queue, what is used. */
export interface JobQueue {
  /** Sends messages, of which each is plain data. */
  sendBatch(messages: readonly { readonly body: JobMessage }[]): Promise<unknown>;
}

/** Says that a job waits. It may be lost, come late, or twice. */
export interface JobMessage {
  readonly study: string;
  /** The number of a trial; null for the last fit. */
  readonly trial: number | null;
  /** The job's number within its trial. */
  readonly index: number;
}

/** Of what a queue's consumer is given, what is used. */
export interface JobBatch {
  readonly messages: readonly {
    readonly body: unknown;
    /** Done; it does not come again. */
    ack(): void;
    /** It comes again. */
    retry(): void;
  }[];
}

/** Of a binding to Durable Objects, what is used. */
export interface ObjectNamespace<Id = unknown> {
  /** The object of a name. */
  idFromName(name: string): Id;
  /** What sends requests to an object. */
  get(id: Id): { fetch(request: Request): Promise<Response> };
}
