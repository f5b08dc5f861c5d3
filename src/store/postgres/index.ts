/** Storages in PostgreSQL, exported as `fettle/store/postgres`. Nothing of the library imports it. */
export type { PostgresClient, PostgresInProcess, PostgresPool, PostgresResult } from "./drivers.js";
export { type PostgresOptions, postgresStorage } from "./postgres.js";
