/**
 * A database of the page: opened, upgraded to the schema of this release, and used in transactions. It knows
 * nothing about studies. IndexedDB's transactions coordinate tabs: a transaction that writes to a table waits
 * for others that do.
 */
import { check, FettleError, messageOf, show } from "../../errors.js";
import type { Connection, Durability, Host, Key, KeyRange, Mode, Request, Transaction } from "./host.js";

const host = globalThis as unknown as Host;

/** Upgrades the tables from the previous version. A released migration never changes. */
export type Migration = (connection: Connection) => void;

export class PageDatabase {
  /** Why it can no longer be used. */
  private ended: FettleError | undefined;

  private constructor(
    readonly name: string,
    private readonly connection: Connection,
    private readonly durability: Durability,
  ) {
    connection.onversionchange = () => {
      // otherwise the other tab could not upgrade it
      this.end(
        "store_failed",
        "another tab opened it with a later release, or is deleting it; reload this page",
      );
    };
    connection.onclose = () => {
      this.end(
        "store_failed",
        "the browser closed it, for example because the user cleared the site's data; reload this page",
      );
    };
  }

  /**
   * @param tables - the result of the migrations
   * @throws FettleError as `indexedDbStorage`
   */
  static async open(
    name: string,
    migrations: readonly Migration[],
    tables: readonly string[],
    durability: Durability,
  ): Promise<PageDatabase> {
    const connection = await connect(name, migrations);
    const found = [...connection.objectStoreNames];
    const isOurs = tables.every((table) => found.includes(table)) && found.length === tables.length;
    if (isOurs) return new PageDatabase(name, connection, durability);
    connection.close();
    throw new FettleError(
      "invalid_argument",
      `the database ${show(name)} of this page must be a storage of Fettle; it has other tables: ${show(found)}. Choose another name`,
    );
  }

  /** Runs work in one transaction: all of it or nothing. It may await only requests of the transaction. */
  async transact<T>(
    tables: readonly string[],
    mode: Mode,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    if (this.ended) throw this.ended;
    try {
      const transaction = this.connection.transaction(tables, mode, { durability: this.durability });
      const committed = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      const [done, commit] = await Promise.allSettled([workIn(transaction, work), committed]);
      // the error of the work says more than the abort that follows from it
      if (done.status === "rejected") throw done.reason ?? new Error("the transaction was aborted");
      if (commit.status === "rejected") throw commit.reason ?? new Error("the transaction was aborted");
      return done.value;
    } catch (error) {
      throw this.ended ?? refusal(this.name, error);
    }
  }

  close(): void {
    this.end("invalid_state", "it was closed by its storage's close()");
  }

  private end(code: FettleError["code"], reason: string): void {
    this.ended ??= new FettleError(code, `cannot use the database ${show(this.name)}: ${reason}`);
    this.connection.close();
  }
}

async function workIn<T>(
  transaction: Transaction,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await work(transaction);
  } catch (error) {
    try {
      transaction.abort();
    } catch {} // the error has already aborted it
    throw error;
  }
}

/** The result of a request. */
export function resultOf<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All keys that begin with the given parts: arrays are greater than any number and text. */
export function beginningWith(...parts: readonly Key[]): KeyRange {
  return host.IDBKeyRange.bound(parts, [...parts, []]);
}

/** The keys that begin with `first`, from those with `second` on. */
export function beginningFrom(first: Key, second: Key): KeyRange {
  return host.IDBKeyRange.bound([first, second], [first, []]);
}

/** Opens a database, or creates it. */
async function connect(name: string, migrations: readonly Migration[]): Promise<Connection> {
  const { indexedDB } = host;
  check(
    indexedDB,
    "a storage in a page needs IndexedDB, and this runtime has none; use it in a page or its worker, or another storage",
    "unsupported",
  );
  try {
    return await new Promise((resolve, reject) => {
      const request = indexedDB.open(name, migrations.length);
      let refused = false;
      request.onupgradeneeded = ({ oldVersion }) => {
        for (const migrate of migrations.slice(oldVersion)) migrate(request.result);
      };
      request.onblocked = () => {
        refused = true;
        reject(blocked(name));
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        if (refused)
          request.result.close(); // it opened after all, but nothing waits for it
        else resolve(request.result);
      };
    });
  } catch (error) {
    if (nameOf(error) !== "VersionError") throw refusal(name, error);
    const found = await versionOf(name);
    throw new FettleError(
      "invalid_checkpoint",
      `the database ${show(name)} of this page has schema version ${found}; this release reads at most ${migrations.length}; ` +
        "upgrade Fettle to open it",
      { cause: error },
    );
  }
}

async function versionOf(name: string): Promise<number> {
  const { indexedDB } = host as Required<Host>;
  const connection = await resultOf(indexedDB.open(name));
  connection.close();
  return connection.version;
}

const blocked = (name: string): FettleError =>
  new FettleError(
    "store_failed",
    `cannot upgrade the database ${show(name)}: another tab has it open with an earlier release; close that tab, then reload this one`,
  );

const nameOf = (error: unknown): string => (error as Error | null)?.name ?? "";

/** The errors of IndexedDB that people can act on, by name. */
const REASONS: Readonly<Record<string, string>> = {
  QuotaExceededError:
    "the browser gives this page no more space; delete studies or models that you do not need, or free some disk space",
  SecurityError:
    "the browser does not allow this page to store data; allow site data, or open the page outside a frame",
  InvalidStateError:
    "the browser closed it, or forbids storage, as some private windows do; reload this page",
  UnknownError: "the browser could not read or write it; free some disk space, then reload this page",
  AbortError:
    "the browser ended the transaction, for example because the disk is full; free some disk space, then try again",
};

/** The message for an error of IndexedDB. */
function refusal(name: string, error: unknown): unknown {
  if (error instanceof FettleError) return error;
  const reason = REASONS[nameOf(error)];
  if (!reason) return error;
  const message = `cannot use the database ${show(name)}: ${reason} (the browser says ${show(messageOf(error))})`;
  return new FettleError("store_failed", message, { cause: error });
}
