import { describe, expect, it } from "vitest";
import { type Verification, verify } from "../../src/testing/verify.js";
import { fettle, start } from "./fettle.js";

describe.concurrent("fettle verify", () => {
  it("prints the groups, and nothing else without a terminal", async () => {
    const words = "verify --only schedulers,executors --cases 1 --seed 3".split(" ");
    const { code, stdout, stderr } = await fettle(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^fettle \d+\.\d+\.\d+ on Node \d+\.\d+\.\d+, \w+ \w+; 1 case of each law, seed 3\n\nAll laws hold\n/,
    );
    const { groups } = await verify({ only: ["schedulers", "executors"], cases: 1, seed: 3 });
    for (const { group, parts, laws, cases } of groups) {
      expect(stdout).toMatch(new RegExp(`^ {2}${group} +${parts} +${laws} +${cases} +0 +`, "m"));
    }
    expect(stdout).not.toContain("Digests");
  });

  it("prints one JSON object: what verify() returns on this runtime", async () => {
    const options = { only: ["gradients", "reproducibility"], cases: 1, seed: 11 };
    const words = [
      "verify",
      "--only",
      "gradients",
      "--only",
      "reproducibility",
      "--cases",
      "1",
      "--seed",
      "11",
    ];
    const { code, stdout, stderr } = await fettle([...words, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { version, host, ...verification } = JSON.parse(stdout) as Verification & Record<string, string>;
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(host).toContain(`Node ${process.versions.node}`);
    expect(verification).toEqual(await verify(options));
  });

  it("ends at Ctrl-C with the laws checked so far", async () => {
    const run = start(["verify", "--only", "optimizers,strategies", "--cases", "60"], ".");
    await run.until("60 cases of each law");
    run.interrupt();
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("Stopping after the running law");
    expect(stdout).toContain("All laws checked so far hold");
    expect(stdout).toMatch(/^ {2}strategies +0 +0 +0 +0 +–$/m);
  });

  it.each([
    ["--only strategy", 'Did you mean "strategies"?'],
    ["--cases 0", "--cases must be a positive integer; received 0"],
    ["--seed 4294967296", "--seed must be an integer of at least 0 and below 2³¹; received 4294967296"],
    ["--sed 1", "--seed"],
  ])("refuses %s", async (words, message) => {
    const { code, stdout, stderr } = await fettle(["verify", ...words.split(" ")]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});
