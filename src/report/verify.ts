/** A verification as text for people: what held, in a table, and what did not, in full. Every figure is computed elsewhere. */
import type { Verification, VerifiedGroup } from "../testing/verify.js";
import { count, formatDuration } from "./format.js";
import type { Paint } from "./study.js";
import { layOut, wrap } from "./table.js";

/** A verification that has ended, or was stopped. */
export interface VerifyReport {
  readonly verification: Verification;
  readonly seconds: number;
}

/**
 * What held and what did not, in lines of at most `width` characters; the messages of broken laws have lines of their own,
 * as long as they are. In narrow terminals columns go from the right.
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
        : "The laws that were tried hold";
  const digested = Object.entries(digests);
  return [
    "",
    ...wrap(verdict, width).map(paint.heading),
    ...layOut([HEADINGS, ...groups.map(rowOf)], { width }),
    ...(digested.length === 0
      ? []
      : [
          "",
          ...wrap("Digests of seed 0, the same on every machine", width).map(paint.heading),
          ...layOut(
            digested.map(([name, digest]) => [name, digest]),
            { width },
          ),
        ]),
    ...broken.flatMap(({ message }) => ["", ...message.split("\n")]),
    ...(broken.length === 0 ? [] : ["", ...again(verification).map(paint.faint)]),
    "",
    ...wrap(
      "worst: the largest error, as a share of the bound that it is held to; – where results are compared to the bit",
      width,
    ).map(paint.faint),
    paint.faint(`${count(cases, "case")} in ${formatDuration(seconds)}`),
  ];
}

const HEADINGS = ["", "held", "laws", "cases", "broken", "worst"];

function rowOf({ group, parts, laws, cases, worst, broken }: VerifiedGroup): string[] {
  return [group, ...[parts, laws, cases, broken.length].map(String), worst === null ? "–" : percent(worst)];
}

/** Two digits, and never 100 % or 0 % of what is not. */
function percent(share: number): string {
  if (share > 0 && share < 0.01) return "< 1 %";
  return `${share < 1 ? Math.min(99, Math.round(100 * share)) : 100} %`;
}

/** The command that finds the same again, and no more than that. */
function again({ seed, cases, groups }: Verification): string[] {
  const only = groups.filter(({ broken }) => broken.length > 0).map(({ group }) => group);
  return ["Again:", `  fettle verify --only ${only.join(",")} --seed ${seed} --cases ${cases}`];
}
