/**
 * A `Response` on its way to a client of Node: no more is read of its body than the client takes, and where the client leaves, the body is
 * cancelled. What the response says is decided elsewhere.
 */
import type { NodeResponse } from "./host.js";

/** Bytes that are written at a time: a client that takes fewer within the time-out is too slow. */
const PIECE = 65_536;

export class Sending {
  /** Whether its body ends only with what it tells of, or when its client leaves. */
  readonly isEndless: boolean;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  /**
   * @param writeTimeout - milliseconds that the client is waited for at a time
   * @throws TypeError for a response whose body was read before
   */
  constructor(
    private readonly response: Response,
    private readonly outgoing: NodeResponse,
    private readonly writeTimeout: number,
  ) {
    this.isEndless = /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
    this.reader = response.body?.getReader();
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
    const { response, outgoing } = this;
    if (outgoing.destroyed) return this.stop(); // the client left before there was a response
    const close = isLast ? ["connection", "close"] : [];
    outgoing.writeHead(response.status, [...[...response.headers].flat(), ...close]);
    if (hasBody) await this.sendBody();
    else this.stop();
    outgoing.end();
    await this.until("finish");
  }

  /** Ends the body with what was sent so far. */
  stop(): void {
    this.reader?.cancel().catch(() => {});
  }

  private async sendBody(): Promise<void> {
    const { reader, outgoing } = this;
    // so that the head is not kept back until there is a body
    outgoing.flushHeaders();
    for (;;) {
      const next = await reader?.read();
      if (!next || next.done) return;
      for (let at = 0; at < next.value.length; at += PIECE)
        if (!outgoing.write(next.value.subarray(at, at + PIECE))) await this.until("drain");
    }
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
