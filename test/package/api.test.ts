/**
 * The public interface, entry by entry, as API Extractor reports it in `api/`. A change of a public name
 * changes a report, which a review then sees; `npm run api` rewrites them. Needs `dist/`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type IConfigFile,
} from "@microsoft/api-extractor";
import { afterAll, beforeAll, expect, it } from "vitest";
import { filesIn, manifest, root } from "./install.js";

const temporary = mkdtempSync(join(tmpdir(), "fettle-api-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** The declarations of each entry that exports code. */
const entries = Object.entries(manifest.exports).flatMap(([entry, target]) => {
  const types = typeof target === "object" ? target.types : "";
  const name = entry === "." ? "fettle" : entry.slice("./".length).replaceAll("/", "-");
  return types.startsWith("./dist/") ? [{ name, types }] : [];
});

/** The declarations of all entries as one, beside them while the tests run. */
const ALL = `api-${process.pid}.tmp.d.ts`;
/** All of them compiled, once for all reports. */
let compilerState: CompilerState;
beforeAll(() => {
  const all = entries.map(
    ({ types }, i) => `export * as entry${i} from "${types.replace(/\.d\.ts$/, ".js")}";\n`,
  );
  writeFileSync(join(root, ALL), all.join(""));
  const additionalEntryPoints = entries.map(({ types }) => join(root, types));
  compilerState = CompilerState.create(configOf("all", ALL), { additionalEntryPoints });
}, 120_000);
afterAll(() => rmSync(join(root, ALL), { force: true }));

function configOf(name: string, types: string): ExtractorConfig {
  const none = { logLevel: ExtractorLogLevel.None };
  const configObject: IConfigFile = {
    projectFolder: root,
    mainEntryPointFilePath: join(root, types),
    compiler: {
      overrideTsconfig: {
        compilerOptions: { ...compilerOptions(), types: ["node"], skipLibCheck: true },
        files: [join(root, types)],
      },
    },
    apiReport: {
      enabled: true,
      reportFileName: name,
      reportFolder: temporary,
      reportTempFolder: join(temporary, "new"),
      includeForgottenExports: false,
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: "lf",
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      extractorMessageReporting: {
        default: none,
        "ae-forgotten-export": { logLevel: ExtractorLogLevel.Warning },
      },
      tsdocMessageReporting: { default: none },
    },
  };
  const packageJsonFullPath = join(root, "package.json");
  return ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath });
}

/** The report of some declarations, and the messages of one kind about them. */
function extract(name: string, types: string): { report: string; forgotten: string[] } {
  const forgotten: string[] = [];
  const errors: string[] = [];
  Extractor.invoke(configOf(name, types), {
    compilerState,
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      if (message.messageId === "ae-forgotten-export") {
        forgotten.push(/"(.*?)"/.exec(message.text)?.[1] ?? message.text);
      } else if (message.logLevel === "error") errors.push(message.text);
    },
  });
  expect(errors).toEqual([]);
  return { report: readFileSync(join(temporary, `${name}.api.md`), "utf8"), forgotten };
}

function compilerOptions(): object {
  const { compilerOptions: options } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as {
    compilerOptions: Record<string, unknown>;
  };
  const { paths: _, noEmit: __, rootDir: ___, ...others } = options;
  return others;
}

it("has an entry for everything that is exported", () => {
  expect(entries.map(({ name }) => name)).toContain("testing");
});

it.each(entries)("$name is as its report says (npm run api rewrites it)", async ({ name, types }) => {
  await expect(extract(name, types).report).toMatchFileSnapshot(join(root, `api/${name}.api.md`));
});

it("exports every type that its signatures name, from one entry or another", () => {
  // `keyof typeof metrics` names a value, which is no type to import
  const declarations = filesIn(join(root, "src")).map((file) =>
    readFileSync(join(root, "src", file), "utf8"),
  );
  const isType = (name: string) =>
    new RegExp(`^(export )?(type|interface|(abstract )?class) ${name.replace(/_\d+$/, "")}\\b`, "m").test(
      declarations.join("\n"),
    );
  const types = extract("all", ALL).forgotten.filter(isType);
  expect([...new Set(types)].sort()).toEqual([]);
});
