/** A table of things side by side, in which what differs is marked. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { CompareLine } from "../state/compare.js";
import { Pill, Star, Table } from "./parts.js";

/** Fewer lines than this are all shown. */
const LONG = 10;

interface ComparedTableProps {
  readonly label: string;
  readonly heads: readonly ComponentChildren[];
  readonly lines: readonly CompareLine[];
}

export function ComparedTable({ lines, ...more }: ComparedTableProps) {
  const [isShort, setShort] = useState(false);
  const alike = lines.filter(({ differs }) => !differs).length;
  const shown = isShort ? lines.filter(({ differs, kind }) => differs || kind === "outcome") : lines;
  return (
    <>
      {lines.length > LONG && alike > 0 && (
        <label class="mark">
          <input type="checkbox" checked={isShort} onChange={() => setShort(!isShort)} />
          only what differs
        </label>
      )}
      <Table {...more}>
        {shown.map((line) => (
          <Line key={`${line.kind} ${line.label}`} {...line} />
        ))}
      </Table>
    </>
  );
}

function Line({ kind, label, cells, differs }: CompareLine) {
  const isMarked = differs && (kind === "parameter" || kind === "setting");
  return (
    <tr class={isMarked ? "differs" : ""}>
      <th scope="row">
        {label}
        {isMarked && <span class="hidden"> (differs)</span>}
      </th>
      {cells.map(({ text, spread, behind, isBest }, i) => (
        <td key={`${String(i)}`} class={isBest ? "best" : ""}>
          {kind === "status" ? <Pill status={text} /> : text}
          {isBest && <Star />}
          {spread !== undefined && <small class="quiet">{spread}</small>}
          {behind !== undefined && <small class="quiet">{behind}</small>}
        </td>
      ))}
    </tr>
  );
}
