/**
 * The first words of a run's block; whatever the program lays out follows them. `kernels/machine.ts` reads
 * and writes them, the engine prepares, saves and restores them. Compiled by TypeScript and by
 * AssemblyScript.
 */
export const SeedLow = 0;
export const SeedHigh = 1;
/** Steps done. */
export const Step = 2;
/** Epochs finished. */
export const Epoch = 3;
/** Next row of the epoch. */
export const Cursor = 4;
/** Rows of the data; 0 if the program reads no data. */
export const TotalRows = 5;
/** Rows of a full batch. */
export const BatchRows = 6;
/** 1 to visit the rows of each epoch in a new order, else 0. */
export const Shuffle = 7;
/** Address of the row ids, i32 × `TotalRows`. */
export const RowIds = 8;
/** Address of their copy in the order of the epoch. */
export const RowOrder = 9;
/** Addresses of the streams, `MAX_STREAMS` words. */
export const Streams = 10;
export const HEADER_WORDS = 16;
/** Most streams of one program, in and out together. */
export const MAX_STREAMS = HEADER_WORDS - Streams;
