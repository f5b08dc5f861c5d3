/** The exit codes as they are documented, and the reasons of file errors. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXIT, MEANINGS } from "../../src/cli/exit.js";
import { bareReasonOf, reasonOf } from "../../src/cli/fileErrors.js";
import { fettle, root } from "./fettle.js";

it("exit codes are those of shells, each with one meaning, the same in --help and in the documentation", async () => {
  expect(EXIT).toEqual({
    success: 0,
    failure: 1,
    badInput: 2,
    hungUp: 128 + constants.signals.SIGHUP,
    interrupted: 128 + constants.signals.SIGINT,
    terminated: 128 + constants.signals.SIGTERM,
  });
  expect(MEANINGS.map(([code]) => code)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  const docs = readFileSync(join(root, "docs/models.md"), "utf8");
  const rows = Array.from(docs.matchAll(/^\| (\d+) \| (.*) \|$/gm), ([, code, meaning]) => [
    Number(code),
    meaning.replace(/ \(`fettle predict.*`\)/, ""),
  ]);
  expect(rows).toEqual(MEANINGS);
  const help = (await fettle(["--help"])).stdout.split("Exit codes:\n")[1].split("\n\n")[0];
  const lines = help.replace(/\n {7}/g, " ").split("\n");
  expect(lines.map((line) => [Number(line.slice(0, 6)), line.slice(7)])).toEqual(MEANINGS);
});

it.each<[code: string, read: string, remedy?: string, written?: string]>([
  ["ENOENT", "there is no such file", "", "nothing can be created there"],
  ["ENOTDIR", "part of its path is a file, not a folder", "", "a file is in the way"],
  ["EEXIST", "a file is in the way"],
  ["EISDIR", "it is a directory"],
  ["EACCES", "permission is denied"],
  ["EPERM", "permission is denied"],
  ["EROFS", "the file system is read-only", "; choose another place"],
  ["ENOSPC", "the disk is full", "; free some space, or choose another place"],
  ["EDQUOT", "the disk quota is used up", "; free some space, or choose another place"],
  ["EFBIG", "the file is larger than allowed", "; raise the limit with ulimit -f, or choose another place"],
  ["EMFILE", "this process has too many open files", "; raise the limit with ulimit -n"],
  ["ENFILE", "this machine has too many open files", "; close some programs"],
  ["ENAMETOOLONG", "the name is too long", "; choose a shorter one"],
  ["EILSEQ", "the file system does not allow such a name", "; choose another one"],
  ["ELOOP", "its symbolic links form a cycle"],
  ["EBUSY", "another program uses it", "; close that, or choose another place"],
  ["ETXTBSY", "another program uses it", "; close that, or choose another place"],
  ["EIO", "the device failed", "; check the disk or the connection"],
  ["ENXIO", "the device does not exist"],
  ["ENODEV", "the device does not exist"],
  ["ESTALE", "the network folder was lost", "; mount it again"],
  ["ETIMEDOUT", "the network folder does not answer", "; check the connection"],
  ["ENOMEM", "the system has run out of memory", "; close some programs"],
  ["EPIPE", "its reader has closed it"],
  ["E2BIG", "as the system says"],
])("%s is told by its own reason", (code, read, remedy = "", written = read) => {
  const error = Object.assign(new Error("as the system says"), { code });
  expect([bareReasonOf(error, "read"), reasonOf(error, "write")]).toEqual([read, `${written}${remedy}`]);
});
