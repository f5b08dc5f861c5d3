/**
 * Small and read-only file systems, where mounting is allowed; unmounted after the tests, also if these fail.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const mounted: string[] = [];
afterAll(() => {
  for (const path of mounted.splice(0).reverse()) {
    execFileSync("umount", ["-l", path]);
    rmdirSync(path);
  }
});

function mount(...options: readonly string[]): string {
  const path = mkdtempSync(join(tmpdir(), "fettle-disk-"));
  try {
    execFileSync("mount", [...options, path], { stdio: "ignore" });
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  mounted.push(path);
  return path;
}

/** An empty disk of so many bytes, in pages of 4 KiB. */
export const smallDisk = (bytes: number): string => mount("-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs");

/** A disk that nothing can be written to; it holds one folder, `out`. */
export function readOnlyDisk(): string {
  const path = smallDisk(4096 * 4);
  mkdirSync(join(path, "out"));
  execFileSync("mount", ["-o", "remount,ro", path]);
  return path;
}

/** Whether this machine lets the tests mount: as root, and not in every container. */
export const canMount = ((): boolean => {
  try {
    smallDisk(4096);
    return true;
  } catch {
    return false;
  }
})();
