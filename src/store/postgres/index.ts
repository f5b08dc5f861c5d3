/** Storages in PostgreSQL, exported as `fettle/store/postgres`. The library does not import it. */
export type { PostgresClient, PostgresInProcess, PostgresPool, PostgresResult } from "./drivers.js";
export { type PostgresOptions, postgresStorage } from "./postgres.js";
