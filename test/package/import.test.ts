/**
 * What importing the package does to a host: nothing. The built modules are bundled by the conditions of each
 * host and run in a realm that has JavaScript and no more, which generates no code, from strings or
 * WebAssembly.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Context, createContext, runInContext } from "node:vm";
import { build, type Plugin } from "esbuild";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The conditions under which each host's bundlers resolve the package. */
const hosts: Readonly<Record<string, readonly string[]>> = {
  workerd: ["workerd", "worker", "browser"],
  "edge-light": ["edge-light", "worker"],
  browser: ["browser"],
  node: ["node"],
};

/** What hosts have beside JavaScript; `typeof` counts as a touch as well. */
const hostGlobals = [
  ...["process", "Buffer", "global", "require", "Deno", "Bun", "EdgeRuntime"],
  ...["self", "window", "document", "navigator", "location", "caches", "indexedDB", "localStorage"],
  ...[
    "fetch",
    "crypto",
    "performance",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "queueMicrotask",
    "requestAnimationFrame",
    "scheduler",
    "postMessage",
  ],
  ...["Worker", "MessageChannel", "TextEncoder", "TextDecoder", "URL", "Blob", "structuredClone", "console"],
];

/** A module with all that it imports, as one script that leaves its exports in `exported`. */
async function bundled(
  from: string,
  conditions: readonly string[],
  plugins: readonly Plugin[] = [],
): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from "${from}"`, resolveDir: root },
    bundle: true,
    format: "iife",
    globalName: "exported",
    conditions: [...conditions],
    platform: conditions.includes("node") ? "node" : "browser",
    plugins: [kernelsModule, nodeModules, ...plugins],
    tsconfigRaw: "{}",
    define: { "import.meta.url": '"file:///package/dist/index.js"' },
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** As the bundlers of edge hosts do: the file is a module that the host compiled beforehand. */
const kernelsModule: Plugin = {
  name: "kernels",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path }) => ({ path, namespace: "kernels" }));
    onLoad({ filter: /.*/, namespace: "kernels" }, () => ({ contents: "export default hostKernels" }));
  },
};

/** A module of Node is no global. */
const nodeModules: Plugin = {
  name: "node",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "node" }));
    onLoad({ filter: /.*/, namespace: "node" }, ({ path }) => ({
      contents: `module.exports = hostRequire(${JSON.stringify(path)})`,
    }));
  },
};

/** A realm without host globals, in which no code can be made. */
function bareRealm(): Context {
  const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
  for (const name of ["console", "Date", "SharedArrayBuffer"])
    runInContext(`delete globalThis.${name}`, context);
  const kernels = new WebAssembly.Module(readFileSync(join(root, "wasm/kernels.wasm")));
  return Object.assign(context, { hostKernels: kernels, hostRequire: createRequire(import.meta.url) });
}

describe.each(Object.entries(hosts))("importing the package on %s", (_, conditions) => {
  it("asks for no global of the host", async () => {
    const script = await bundled("./dist/index.js", conditions);
    const context = bareRealm();
    const touched: string[] = [];
    for (const name of hostGlobals) {
      Object.defineProperty(context, name, {
        get() {
          touched.push(name);
        },
      });
    }
    runInContext(script, context);
    expect(touched).toEqual([]);
  });

  it("works where there is none, and generates no code", async () => {
    const context = bareRealm();
    runInContext(await bundled("fettle", conditions), context);
    expect(runInContext("typeof exported.tune", context)).toBe("function");
    expect(() => runInContext("new Function()", context)).toThrow("Code generation from strings disallowed");
  });
});
