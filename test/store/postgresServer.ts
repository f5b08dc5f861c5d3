/**
 * A server of PostgreSQL of its own for a test, in a temporary folder: Debian's package, or what is on the
 * path.
 */
import { type ChildProcess, type ExecFileSyncOptions, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import pg from "pg";
import { initialized } from "./initialized.js";

const PASSWORD = "p@ss/word:1";

/** The folder of `initdb` and `postgres`; undefined where PostgreSQL is not installed. */
function binaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

const found = binaries();
if (!found && process.env.CI) throw new Error("the tests need PostgreSQL; run apt-get install postgresql");
/** Whether tests of a server can run. Where `CI` is set, they must. */
export const hasPostgres = found !== undefined;

/** PostgreSQL refuses to run as root. */
function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function initialize(folder: string, options: ExecFileSyncOptions): void {
  const secret = join(folder, "password");
  writeFileSync(secret, PASSWORD, { mode: 0o644 });
  const flags = ["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username=fettle"];
  const words = ["-D", join(folder, "data"), ...flags, `--pwfile=${secret}`];
  execFileSync(join(found!, "initdb"), words, options);
}

/** All or nothing of it is there for the next server; another file may have been as early. */
function keep(data: string, made: string, options: ExecFileSyncOptions): void {
  const copy = `${made}-${process.pid}`;
  execFileSync("cp", ["-a", data, copy], options);
  try {
    renameSync(copy, made);
  } catch {
    rmSync(copy, { recursive: true, force: true });
  }
}

export class PostgresServer {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /** @param settings - of the server, such as `fsync=on` */
  static async start(...settings: string[]): Promise<PostgresServer> {
    const user = otherUser();
    const folder = mkdtempSync(join(tmpdir(), "fettle-postgres-"));
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
    const options = { ...user, cwd: folder, stdio: "ignore" } as const;
    const data = join(folder, "data");
    const made = initialized.folder && join(initialized.folder, "data");
    if (made && existsSync(made)) execFileSync("cp", ["-a", made, data], options);
    else {
      initialize(folder, options);
      if (made) keep(data, made, options);
    }
    // what the system has written survives the end of a process; only a loss of power needs fsync
    const server = new PostgresServer(folder, await freePort(), ["fsync=off", ...settings]);
    await server.begin();
    return server;
  }

  /** With a password that has signs which a URL escapes. */
  get url(): string {
    return `postgres://fettle:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.port}/postgres`;
  }

  get password(): string {
    return PASSWORD;
  }

  /** Starts the server, and waits until it answers. */
  async begin(): Promise<void> {
    const options = [
      `port=${this.port}`,
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      ...this.settings,
    ];
    const words = ["-D", join(this.folder, "data"), ...options.flatMap((option) => ["-c", option])];
    for (let tries = 0; tries < 600; tries++) {
      if (this.process?.exitCode !== null || this.process.signalCode !== null)
        // again too while processes of a server that was killed still hold its memory
        this.process = spawn(join(found!, "postgres"), words, {
          ...otherUser(),
          cwd: this.folder,
          stdio: "ignore",
        });
      const client = new pg.Client({ connectionString: this.url });
      client.on("error", () => {});
      try {
        await client.connect();
        await client.end();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error("the server of PostgreSQL does not start");
  }

  /** Ends the server: SIGQUIT is its "immediate" end, without any saving; SIGINT the "fast" one. */
  async end(signal: "SIGKILL" | "SIGQUIT" | "SIGINT"): Promise<void> {
    const { process } = this;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((resolve) => process.once("exit", resolve));
    process.kill(signal);
    await ended;
  }

  /** Ends the server and removes its folder. */
  async remove(): Promise<void> {
    await this.end("SIGINT");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
