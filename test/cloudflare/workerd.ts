/**
 * The example as wrangler would bundle and configure it, on workerd, with storage that outlives it. Needs
 * `dist/`.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare, type MiniflareOptions } from "miniflare";
import ts from "typescript";
import { TOKEN } from "../serve/support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Config {
  readonly main: string;
  readonly compatibility_date: string;
  readonly durable_objects: {
    readonly bindings: readonly { readonly name: string; readonly class_name: string }[];
  };
  readonly migrations: readonly { readonly new_sqlite_classes: readonly string[] }[];
  readonly queues?: {
    readonly producers: readonly { readonly binding: string; readonly queue: string }[];
    readonly consumers: readonly { readonly queue: string; readonly max_batch_size: number }[];
  };
}

/** The example in a folder of its own, with the package installed as a link. */
export class Project {
  private readonly app: string;
  private options: MiniflareOptions | undefined;

  /**
   * @param config - the name of the file that wrangler would be given
   * @param edit - changes the source of its Worker
   * @param folder - where its storage is
   */
  constructor(
    private readonly config = "wrangler.jsonc",
    private readonly edit = (source: string) => source,
    private readonly folder = mkdtempSync(join(tmpdir(), "fettle-cloudflare-")),
  ) {
    this.app = mkdtempSync(join(folder, "app-"));
  }

  /** The project after an edit, on the same storage. */
  edited(edit: (source: string) => string): Project {
    return new Project(this.config, edit, this.folder);
  }

  private async bundle(): Promise<MiniflareOptions> {
    cpSync(join(root, "examples/cloudflare"), this.app, { recursive: true });
    mkdirSync(join(this.app, "node_modules"));
    symlinkSync(root, join(this.app, "node_modules/fettle"));
    const path = join(this.app, this.config);
    const config = ts.readConfigFile(path, (name) => readFileSync(name, "utf8")).config as Config;
    const main = join(this.app, config.main);
    writeFileSync(main, this.edit(readFileSync(main, "utf8")));
    const out = join(this.app, "out");
    const { outputFiles } = await build({
      entryPoints: [main],
      outdir: out,
      bundle: true,
      format: "esm",
      conditions: ["workerd", "worker", "browser"],
      loader: { ".wasm": "copy", ".csv": "text" },
      tsconfigRaw: "{}",
      write: false,
      logLevel: "silent",
    });
    const modules = outputFiles
      .map(({ path, contents }) => ({
        type: path.endsWith(".wasm") ? ("CompiledWasm" as const) : ("ESModule" as const),
        path,
        contents,
      }))
      .sort((a) => (a.type === "ESModule" ? -1 : 1));
    const { producers = [], consumers = [] } = config.queues ?? {};
    const sqlite = new Set(config.migrations.flatMap(({ new_sqlite_classes }) => new_sqlite_classes));
    return {
      modules,
      modulesRoot: out,
      compatibilityDate: config.compatibility_date,
      cf: false,
      durableObjects: Object.fromEntries(
        config.durable_objects.bindings.map(({ name, class_name }) => [
          name,
          { className: class_name, useSQLite: sqlite.has(class_name) },
        ]),
      ),
      queueProducers: Object.fromEntries(producers.map(({ binding, queue }) => [binding, queue])),
      queueConsumers: Object.fromEntries(
        consumers.map(({ queue, max_batch_size }) => [
          queue,
          { maxBatchSize: max_batch_size, maxBatchTimeout: 0 },
        ]),
      ),
      durableObjectsPersist: join(this.folder, "storage"),
    };
  }

  /** Starts a runtime on the same storage as the last one. `dispose` kills it. */
  async start(bindings: Record<string, string> = { FETTLE_TOKEN: TOKEN }): Promise<Runtime> {
    this.options ??= await this.bundle();
    const runtime = new Miniflare({
      ...this.options,
      bindings,
      handleRuntimeStdio() {}, // workerd warns of alarms that were overdue, as after a kill
    } as MiniflareOptions);
    const { host } = await runtime.ready;
    return {
      fetch: (request) =>
        fetch(new Request(Object.assign(new URL(request.url), { protocol: "http:", host }), request)),
      kill: () => runtime.dispose(),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export interface Runtime {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly kill: () => Promise<void>;
}
