/**
 * What the servers of PostgreSQL of a run begin with: made by the first that starts, removed after the last
 * test.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder for what `initdb` makes, which takes longer than to start a server. */
    postgres: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "fettle-initdb-"));
  chmodSync(folder, 0o777); // PostgreSQL runs as another user where the tests run as root
  project.provide("postgres", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
