/** Small parts that several pages share. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { formatScore, formatValue } from "../../report/format.js";
import { shareOf } from "../../report/plots/scale.js";
import { hashOf } from "../state/route.js";
import type { StudyAbout, TrialRow } from "../wire.js";

export function Card(props: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  kind?: string;
}) {
  return (
    <section class={`card ${props.kind ?? ""}`}>
      <header>
        <h2>{props.title}</h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}

/** A status in a word and a colour. */
export const Pill = ({ status }: { status: string }) => <span class={`pill ${status}`}>{status}</span>;

/** Marks what is best. */
export const Star = () => (
  <span class="star" role="img" aria-label="best" title="best">
    ★
  </span>
);

export const TrialLink = ({
  study,
  trial,
  children,
}: {
  study: string;
  trial: number;
  children?: ComponentChildren;
}) => <a href={hashOf({ page: "trial", study, trial })}>{children ?? `trial ${trial}`}</a>;

export const scoreOf = (value: number | null): string => formatScore(value);

/** Where a numeric value lies in the range of its parameter, from 0 to 1; undefined without a range. */
function placeOf(parameter: StudyAbout["space"][string] | undefined, value: unknown): number | undefined {
  if (!parameter || parameter.type === "choice" || typeof value !== "number") return undefined;
  return parameter.high > parameter.low ? Math.min(1, Math.max(0, shareOf(parameter, value))) : undefined;
}

/** Parameters beyond which the others are shown on demand. */
const FEW = 12;

interface ParamsProps {
  readonly about: StudyAbout;
  readonly row: TrialRow;
  /** Whether many are cut to a few at first. */
  readonly isShort?: boolean;
}

/** The parameters of a trial, each with its place in its range. */
export function Params({ about, row, isShort = false }: ParamsProps) {
  const [isOpen, setOpen] = useState(false);
  const all = Object.entries(row.params);
  const isCut = isShort && all.length > FEW;
  return (
    <>
      <ParamList about={about} entries={isCut && !isOpen ? all.slice(0, FEW - 1) : all} />
      {isCut && (
        <button type="button" class="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show fewer" : `Show all ${all.length}`}
        </button>
      )}
    </>
  );
}

function ParamList({ about, entries }: { about: StudyAbout; entries: readonly [string, unknown][] }) {
  return (
    <dl class="params">
      {entries.map(([name, value]) => {
        const share = placeOf(about.space[name], value);
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {formatValue(value)}
              {share !== undefined && (
                <span class="range" aria-hidden="true">
                  <span style={{ left: `${100 * share}%` }} />
                </span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
