/** Scores of the final model on rows that no trial saw, beside models that need no tuning. */
import type { HeldScores } from "../../report/baselines.js";
import { Card, Table } from "./parts.js";

export function HeldCard({ rows, table: [[corner, ...heads], ...lines], notes }: HeldScores) {
  const of = rows === undefined ? "held-out rows" : `${rows.toLocaleString("en")} held-out rows`;
  return (
    <Card title={`Final model on ${of}`} kind="full">
      <Table label="Scores on held-out rows" corner={corner} heads={heads}>
        {lines.map(([name, ...cells]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {cells.map((cell, i) => (
              <td key={heads[i]}>{cell}</td>
            ))}
          </tr>
        ))}
      </Table>
      {notes.map((note) => (
        <p key={note} class="quiet">
          {note}
        </p>
      ))}
    </Card>
  );
}
