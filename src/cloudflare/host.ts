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

/** Of a binding to Durable Objects, what is used. */
export interface ObjectNamespace<Id = unknown> {
  /** The object of a name. */
  idFromName(name: string): Id;
  /** What sends requests to an object. */
  get(id: Id): { fetch(request: Request): Promise<Response> };
}
