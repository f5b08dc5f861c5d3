/**
 * What helpers leave for the end of a test file: files may share a module, which then has no hooks of its
 * own.
 */

/** Each is called once, after the tests of the file that runs. */
export const leftovers: (() => void)[] = [];
