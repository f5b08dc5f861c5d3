/**
 * A database of the page: opened, brought to the schema of this release, and used in transactions that are all or nothing. It knows no
 * study. IndexedDB's transactions are what joins several tabs: one that writes to a table waits for others that do.
 */
import { check, FettleError, messageOf, show } from "../../errors.js";
import type { Connection, Durability, Host, Key, KeyRange, Mode, Request, Transaction } from "./host.js";

const host = globalThis as unknown as Host;

/** Takes the tables from the version before it. One that was released is never changed. */
export type Migration = (connection: Connection) => void;

export class PageDatabase {
  /** Why it cannot be used any more. */
  private ended: FettleError | undefined;

  private constructor(
    readonly name: string,
    private readonly connection: Connection,
    private readonly durability: Durability,
  ) {
    connection.onversionchange = () => {
      // else the other tab could not upgrade it
      this.end(
        "store_failed",
        "another tab has opened it with a later release, or deletes it; reload this page",
      );
    };
    connection.onclose = () => {
      this.end(
        "store_failed",
        "the browser has closed it, as when a user clears a site's data; reload this page",
      );
    };
  }

  /**
   * @param tables - what the migrations come to
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

  /** Does work in one transaction: all of it or nothing. It may wait for requests of the transaction alone. */
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
      // what the work throws is more than the abort that follows from it
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
    } catch {} // it has been, by the error
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

/** All keys that begin with some parts: arrays are greater than any number and text. */
export function beginningWith(...parts: readonly Key[]): KeyRange {
  return host.IDBKeyRange.bound(parts, [...parts, []]);
}

/** Opens a database, or makes it. */
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
          request.result.close(); // it was opened after all, and nobody waits for it
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

/** The errors of IndexedDB that people can do something about, by name. */
const REASONS: Readonly<Record<string, string>> = {
  QuotaExceededError:
    "the browser gives this page no more space; delete studies or models that are not needed, or free some disk space",
  SecurityError:
    "the browser forbids this page to store anything; allow it data of sites, or open it outside of a frame",
  InvalidStateError:
    "the browser has closed it, or forbids storing, as some private windows do; reload this page",
  UnknownError: "the browser could not read or write it; free some disk space, then reload this page",
  AbortError:
    "the browser has ended the transaction, as on a full disk; free some disk space, then try again",
};

/** An error of IndexedDB in words. */
function refusal(name: string, error: unknown): unknown {
  if (error instanceof FettleError) return error;
  const reason = REASONS[nameOf(error)];
  if (!reason) return error;
  const message = `cannot use the database ${show(name)}: ${reason} (the browser says ${show(messageOf(error))})`;
  return new FettleError("store_failed", message, { cause: error });
}
