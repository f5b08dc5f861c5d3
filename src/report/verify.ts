/**
 * A verification as text for people: a table of the groups, and each broken law in full. It computes no
 * figure itself.
 */
import { compact } from "../compact.js";
import type { Verification, VerifiedGroup } from "../testing/verify.js";
import { count, formatDuration } from "./format.js";
import { layOut, wrap } from "./layout.js";
import type { Paint } from "./study.js";

/** A verification that has ended or was stopped. */
export interface VerifyReport {
  readonly verification: Verification;
  readonly seconds: number;
}

/**
 * The results, in lines of at most `width` characters. The messages of broken laws are not wrapped. A narrow
 * terminal loses columns from the right.
 */
export function describeVerification(
  { verification, seconds }: VerifyReport,
  width: number,
  paint: Paint,
): string[] {
  const { groups, digests, complete } = verification;
  const broken = groups.flatMap((group) => group.broken);
  const cases = groups.reduce((sum, group) => sum + group.cases, 0);
  const verdict =
    broken.length > 0
      ? `${count(broken.length, "law")} broken`
      : complete
        ? "All laws hold"
        : "All laws checked so far hold";
  const digested = Object.entries(digests);
  return compact<string>(
    "",
    wrap(verdict, width).map(paint.heading),
    layOut([HEADINGS, ...groups.map(rowOf)], { width }),
    digested.length > 0 && [
      "",
      ...wrap("Digests of seed 0, the same on every machine", width).map(paint.heading),
      ...layOut(digested, { width }),
    ],
    broken.flatMap(({ message }) => ["", ...message.split("\n")]),
    broken.length > 0 && ["", ...again(verification).map(paint.faint)],
    "",
    wrap("worst: largest error as a share of its bound; – where bits must be equal", width).map(paint.faint),
    paint.faint(`${count(cases, "case")} in ${formatDuration(seconds)}`),
  );
}

const HEADINGS = ["", "parts", "laws", "cases", "broken", "worst"];

function rowOf({ group, parts, laws, cases, worst, broken }: VerifiedGroup): string[] {
  return [group, ...[parts, laws, cases, broken.length].map(String), worst === null ? "–" : percent(worst)];
}

/** Two digits; 100 % and 0 % only if exact. */
function percent(share: number): string {
  if (share > 0 && share < 0.01) return "< 1 %";
  return `${share < 1 ? Math.min(99, Math.round(100 * share)) : 100} %`;
}

/** The command that repeats the broken groups. */
function again({ seed, cases, groups }: Verification): string[] {
  const only = groups.filter(({ broken }) => broken.length > 0).map(({ group }) => group);
  return ["To repeat:", `  npx fettle verify --only ${only.join(",")} --seed ${seed} --cases ${cases}`];
}
