/**
 * Where servers of PostgreSQL find what `initdb` made for the first of a run; `test/setup.ts` says so. Not a
 * test itself.
 */
export const initialized: { folder?: string } = {};
