/** Scores of the final model on rows that no trial saw, beside models that need no tuning. */
import type { HeldScores } from "../../report/baselines.js";
import { Card } from "./parts.js";

export function HeldCard({ rows, table: [heads, ...lines], notes }: HeldScores) {
  const of = rows === undefined ? "held-out rows" : `${rows.toLocaleString("en")} held-out rows`;
  return (
    <Card title={`Final model on ${of}`} kind="full">
      <div class="scrolls" role="region" aria-label="Scores on held-out rows" tabIndex={0}>
        <table class="compared">
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(([name, ...cells]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell, i) => (
                  <td key={heads[i + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {notes.map((note) => (
        <p key={note} class="quiet">
          {note}
        </p>
      ))}
    </Card>
  );
}
