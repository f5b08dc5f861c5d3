/**
 * A response on its way to a client of Node: no more is read of its body than the client takes, and where the client leaves, the body is
 * cancelled. What the response says is decided elsewhere.
 */
import { turn } from "#platform";
import type { Reply } from "../exchange.js";
import type { NodeResponse } from "./host.js";

/** Bytes that are written at a time: a client that takes fewer within the time-out is too slow. */
const PIECE = 65_536;

/** The headers that say where a body ends. */
const FRAMING: readonly string[] = ["content-length", "transfer-encoding"];
/** Statuses of responses that have none. */
const WITHOUT_BODY: readonly number[] = [204, 304];

/** A `Reply`, or the parts of a `Response`, whose headers may have a name twice. */
export interface Sendable extends Pick<Reply, "status" | "body"> {
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export const sendable = ({ status, headers, body }: Reply): Sendable => ({
  ...{ status, headers: Object.entries(headers), body },
});

export class Sending {
  /** Whether its body ends only with what it tells of, or when its client leaves. */
  readonly isEndless: boolean;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  /**
   * @param writeTimeout - milliseconds that the client is waited for at a time
   * @throws TypeError for a response whose body was read before
   */
  constructor(
    private readonly response: Sendable,
    private readonly outgoing: NodeResponse,
    private readonly writeTimeout: number,
  ) {
    const { body, headers } = response;
    const type = headers.find(([name]) => name === "content-type")?.[1] ?? "";
    this.isEndless = /^text\/event-stream\b/i.test(type);
    if (!(body instanceof ReadableStream)) return;
    this.reader = body.getReader();
    outgoing.on("close", () => this.stop());
  }

  /**
   * Sends the response, and resolves once the system has all of it or the connection has ended.
   *
   * @param hasBody - false for the response to HEAD
   * @param isLast - whether the connection ends with it
   * @throws whatever the stream of the body ends with, and RangeError for a status that HTTP does not have
   */
  async send(hasBody: boolean, isLast: boolean): Promise<void> {
    const { outgoing, reader, response } = this;
    if (outgoing.destroyed) return this.stop(); // the client left before there was a response
    if (!(response.body instanceof ReadableStream)) await this.sendWhole(response.body, hasBody, isLast);
    else if (reader && hasBody) await this.sendStream(reader, isLast);
    else {
      this.stop();
      this.begin(isLast);
      outgoing.end();
    }
    await this.until("finish");
  }

  /** Ends the body with what was sent so far. */
  stop(): void {
    this.reader?.cancel().catch(() => {});
  }

  private begin(isLast: boolean, length?: number): void {
    const { status, headers } = this.response;
    const hasLength = length !== undefined && !headers.some(([name]) => FRAMING.includes(name));
    const own = [
      ...(hasLength ? ["content-length", `${length}`] : []),
      ...(isLast ? ["connection", "close"] : []),
    ];
    this.outgoing.writeHead(status, [...headers.flat(), ...own]);
  }

  /** A small body goes out with its head in one write. */
  private async sendWhole(
    body: string | Uint8Array | null,
    hasBody: boolean,
    isLast: boolean,
  ): Promise<void> {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const isNothing = bytes === null && (!hasBody || WITHOUT_BODY.includes(this.response.status));
    this.begin(isLast, isNothing ? undefined : (bytes?.length ?? 0));
    if (!bytes || !hasBody) return void this.outgoing.end();
    const last = Math.max(0, Math.ceil(bytes.length / PIECE) - 1) * PIECE;
    await this.write(bytes.subarray(0, last));
    this.outgoing.end(bytes.subarray(last));
  }

  /** Of a body that is not at hand, the head does not wait for it. */
  private async sendStream(reader: ReadableStreamDefaultReader<Uint8Array>, isLast: boolean): Promise<void> {
    const first = reader.read();
    const second = first.then((piece) => (piece.done ? piece : reader.read()));
    const isWhole = second.then(
      ({ done }) => done,
      () => false,
    );
    const isAtHand = !this.isEndless && (await Promise.race([isWhole, turn().then(() => false)]));
    if (isAtHand) return this.sendWhole((await first).value ?? new Uint8Array(), true, isLast);
    this.begin(isLast);
    this.outgoing.flushHeaders();
    const pass = async (next: typeof first): Promise<boolean> => {
      const { value } = await next;
      if (value) await this.write(value);
      return value !== undefined;
    };
    let isMore = (await pass(first)) && (await pass(second));
    while (isMore) isMore = await pass(reader.read());
    this.outgoing.end();
  }

  private async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE)
      if (!this.outgoing.write(bytes.subarray(at, at + PIECE))) await this.until("drain");
  }

  /** Waits for the client, and ends the connection if that takes too long. */
  private async until(event: "drain" | "finish"): Promise<void> {
    const { outgoing } = this;
    if (outgoing.destroyed || (event === "finish" && outgoing.writableFinished)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => outgoing.destroy(), this.writeTimeout);
      const settle = (): void => {
        clearTimeout(timer);
        outgoing.off(event, settle);
        outgoing.off("close", settle);
        resolve();
      };
      outgoing.on(event, settle);
      outgoing.on("close", settle);
    });
  }
}
