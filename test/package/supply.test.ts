/**
 * The supply chain: what the lock file pins, what users install with the package, and how it is published.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ended, manifest, root } from "./install.js";

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const { "": _, ...packages } = (JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> })
  .packages;
const nameOf = (path: string): string => path.replace(/^.*node_modules\//, "");
/** What is installed with the package. */
const runtime = Object.entries(packages).filter(
  ([, { dev, devOptional, peer }]) => !dev && !devOptional && !peer,
);

describe("the lock file", () => {
  it("has the digest of each package, by SHA-512, and no address", () => {
    expect(Object.keys(packages).length).toBeGreaterThan(100);
    const loose = Object.entries(packages).filter(
      ([, { integrity, resolved, link }]) =>
        !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? "") || resolved !== undefined || link,
    );
    expect(loose).toEqual([]);
  });

  it("has the dependencies of the manifest, and what these need", () => {
    expect(runtime.map(([path]) => nameOf(path))).toEqual(
      expect.arrayContaining(Object.keys(manifest.dependencies)),
    );
    // one more is a decision: each is code that users run
    expect(runtime.map(([path]) => path.replace("node_modules/", ""))).toEqual([
      ...[
        "@types/ndarray",
        "ansi-regex",
        "cli-progress",
        "commander",
        "emoji-regex",
        "is-fullwidth-code-point",
      ],
      ...["picocolors", "string-width", "strip-ansi"],
    ]);
  });
});

describe("what users install", () => {
  it("runs no script at installation", () => {
    expect(runtime.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const atInstallation = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
    expect(Object.keys(scripts).filter((name) => atInstallation.includes(name))).toEqual([]);
  });

  it("has licences that ask for no more than their notice", () => {
    const others = runtime.filter(([, { license }]) => !["MIT", "ISC"].includes(license ?? ""));
    expect(others).toEqual([]);
  });

  it("is listed by the bill of materials, with digests, without a network", async () => {
    const { code, stdout, stderr } = await ended(process.execPath, ["scripts/sbom.js"], root);
    expect(code, stderr).toBe(0);
    const { bomFormat, metadata, components } = JSON.parse(stdout) as {
      bomFormat: string;
      metadata: { component: { name: string; version: string } };
      components: { name: string; version: string; hashes: { alg: string; content: string }[] }[];
    };
    expect([bomFormat, metadata.component]).toMatchObject([
      "CycloneDX",
      { name: "fettle", version: manifest.version },
    ]);
    const listed = components.map(({ name, version, hashes: [{ alg, content }] }) => ({
      name,
      version,
      alg,
      integrity: `sha512-${Buffer.from(content, "hex").toString("base64")}`,
    }));
    const expected = runtime.map(([path, { version, integrity }]) => ({
      name: nameOf(path),
      version,
      alg: "SHA-512",
      integrity,
    }));
    expect(listed).toEqual(expected);
  });
});

describe("the release workflow", () => {
  const workflow = read(".github/workflows/release.yml");

  it("pins each action by commit, and names its version", () => {
    const uses = workflow.match(/uses: .*/g) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  it("tests before it publishes with provenance, and gives each job only the rights that it needs", () => {
    const commands = Array.from(workflow.matchAll(/^ +- run: (.*)$/gm), ([, command]) => command);
    expect(commands).toEqual([
      ...[
        "npm ci",
        "npm audit signatures",
        "npm run lint",
        "npm run typecheck",
        "npm test",
        "npm run test:docs",
      ],
      "npm publish --provenance --access public",
      ...["npm run -s sbom > fettle.cdx.json", 'gh release upload "$GITHUB_REF_NAME" fettle.cdx.json'],
    ]);
    const permissions = Array.from(workflow.matchAll(/^ +([a-z-]+): (read|write)$/gm), ([, ...pair]) =>
      pair.join(":"),
    );
    expect(permissions).toEqual(["contents:read", "id-token:write", "contents:write"]);
    expect(workflow).toMatch(/^permissions: \{\}$/m);
    expect(workflow).not.toContain("secrets.");
  });
});
