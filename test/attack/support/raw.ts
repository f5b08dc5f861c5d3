/** Clients that write bytes on connections of their own, well-formed or not. */
import { connect, type Socket } from "node:net";

/** A connection, and what was read of it. */
export interface Line {
  readonly socket: Socket;
  /** What the server has sent so far, each byte as a character. */
  text(): string;
  /** Resolves when the connection has ended, with all that was read. */
  readonly ended: Promise<string>;
}

/** Opens a connection and writes to it. */
export function dial(port: number, bytes: string | Uint8Array = ""): Line {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  // a reset by the server is one of its answers
  socket.on("error", () => {});
  const ended = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  return { socket, text: () => text, ended };
}

/**
 * What the server answers first, as it was received; "" if it ended the connection without a word.
 *
 * @param isAll - whether the client says that nothing follows, so that no server waits for the rest
 */
export async function answerTo(port: number, bytes: string | Uint8Array, isAll = false): Promise<string> {
  const line = dial(port, bytes);
  if (isAll) line.socket.end();
  const answered = new Promise<void>((resolve) =>
    line.socket.on("data", () => {
      const text = line.text();
      if (/^HTTP\/1\.1 [2-5]|\r\n\r\nHTTP\/1\.1 [2-5]/.test(text) && isWhole(text)) resolve();
    }),
  );
  await Promise.race([answered, line.ended]);
  line.socket.destroy();
  return line.text();
}

/** Whether a final response has arrived with its body. */
function isWhole(text: string): boolean {
  const [head, ...rest] = text.replace(/^HTTP\/1\.1 100[\s\S]*?\r\n\r\n/, "").split("\r\n\r\n");
  if (rest.length === 0) return false;
  if (/^transfer-encoding: chunked/im.test(head)) return text.endsWith("0\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return length === undefined || rest.join("\r\n\r\n").length >= Number(length);
}

/** The status of a final response; "" where there is none. */
export const statusOf = (text: string): string =>
  /^HTTP\/1\.1 (\d+)/.exec(text.replace(/^HTTP\/1\.1 100[\s\S]*?\r\n\r\n/, ""))?.[1] ?? "";

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
