/** What the servers of the benchmark are asked, and by what names they go. */

export const SERVER_NAMES = ["plain", "modelServer", "modelServer in a function", "empty handler"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export const TOKEN = "a secret of 16 characters or more";
/** A network of one hidden layer. */
export const MODEL = { inputs: 30, units: 64 };

const row = JSON.stringify(
  Object.fromEntries(Array.from({ length: MODEL.inputs }, (_, i) => [`x${i}`, i / 8])),
);
/** A request for a prediction of one row, as bytes. */
export const REQUEST = Buffer.from(
  `POST /predict HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\n` +
    `content-length: ${row.length}\r\n\r\n${row}`,
);
