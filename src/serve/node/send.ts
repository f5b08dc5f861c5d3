/**
 * Sends a response to a client of Node: its body is read only as fast as the client receives it, and
 * cancelled if the client disconnects.
 */
import { turn } from "#platform";
import type { Reply } from "../exchange.js";
import type { NodeResponse } from "./host.js";

/** Bytes written at a time: a client that receives fewer within the time-out is too slow. */
const PIECE = 65_536;
/** The headers that determine the end of a body. */
const FRAMING = /^(content-length|transfer-encoding)$/i;
const EVENTS = /^text\/event-stream\b/i;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

export class Sending {
  /** Whether its body is endless: it ends with its subject, or when its client disconnects. */
  readonly isEndless: boolean;
  private readonly headers: readonly (readonly [name: string, value: string])[];
  private readonly reader: Reader | undefined;

  /**
   * @param isLast - whether the connection ends with it
   * @param writeTimeout - milliseconds to wait for the client at a time
   * @throws TypeError for a response whose body was already read
   */
  constructor(
    private readonly response: Reply | Response,
    private readonly outgoing: NodeResponse,
    isLast: boolean,
    private readonly writeTimeout: number,
  ) {
    const { body, headers } = response;
    const own = headers instanceof Headers ? [...headers] : Object.entries(headers);
    this.headers = isLast ? [...own, ["connection", "close"]] : own;
    this.isEndless = own.some(([name, value]) => name === "content-type" && EVENTS.test(value));
    if (!(body instanceof ReadableStream)) return;
    this.reader = body.getReader();
    outgoing.on("close", () => this.stop());
  }

  /**
   * Sends the response, and resolves once the system has all of it or the connection has ended.
   *
   * @param hasBody - false for the response to HEAD
   * @throws the error of the body's stream, and RangeError for a status that HTTP does not have
   */
  async send(hasBody: boolean): Promise<void> {
    const { outgoing, reader } = this;
    if (outgoing.destroyed) return this.stop(); // the client disconnected before the response
    if (reader && hasBody) await this.sendStream(reader);
    else await this.sendWhole(this.response.body);
    if (!outgoing.writableFinished) await this.until("finish");
  }

  /** Ends the body after the bytes sent so far. */
  stop(): void {
    this.reader?.cancel().catch(() => {});
  }

  private begin(length?: number): void {
    const isFramed = length === undefined || this.headers.some(([name]) => FRAMING.test(name));
    const own = isFramed ? [] : ["content-length", `${length}`];
    this.outgoing.writeHead(this.response.status, [...this.headers.flat(), ...own]);
  }

  /** Sends a body in memory: a small one in one write with its head. */
  private async sendWhole(body: Reply["body"]): Promise<void> {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    if (!(bytes instanceof Uint8Array)) {
      this.stop();
      this.begin();
      return void this.outgoing.end();
    }
    this.begin(bytes.length);
    const last = Math.max(0, bytes.length - PIECE);
    await this.write(bytes.subarray(0, last));
    this.outgoing.end(bytes.subarray(last));
  }

  /** The head does not wait for the body of a stream. */
  private async sendStream(reader: Reader): Promise<void> {
    const first = reader.read();
    const second = first.then((piece) => (piece.done ? piece : reader.read()));
    const isWhole = second.then(
      ({ done }) => done,
      () => false,
    );
    if (!this.isEndless && (await Promise.race([isWhole, turn().then(() => false)])))
      return this.sendWhole((await first).value ?? new Uint8Array());
    this.begin();
    this.outgoing.flushHeaders();
    for (let next = first; ; next = next === first ? second : reader.read()) {
      const { value } = await next;
      if (!value) return void this.outgoing.end();
      await this.write(value);
    }
  }

  private async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE)
      if (!this.outgoing.write(bytes.subarray(at, at + PIECE))) await this.until("drain");
  }

  /** Waits for the client, and closes the connection if that takes too long. */
  private async until(event: "drain" | "finish"): Promise<void> {
    const { outgoing } = this;
    if (outgoing.destroyed) return;
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
