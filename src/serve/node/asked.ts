/** A request of Node in the form of routers, and as a `Request` for handlers of other packages. */
import type { Asked } from "../exchange.js";
import type { BoundedBody } from "./body.js";
import type { Head } from "./head.js";
import type { NodeResponse } from "./host.js";

export class NodeAsked implements Asked {
  private left: AbortController | undefined;

  constructor(
    readonly method: string,
    readonly url: string,
    readonly headers: Head["headers"],
    readonly body: BoundedBody | null,
    private readonly outgoing: NodeResponse,
  ) {}

  /**
   * Aborts when the client disconnects before it has its response. Created on demand: it takes longer than
   * parsing a request, and few handlers need it.
   */
  get signal(): AbortSignal {
    this.left ??= leaving(this.outgoing);
    return this.left.signal;
  }
}

function leaving(outgoing: NodeResponse): AbortController {
  const left = new AbortController();
  const abort = (): void => void (outgoing.writableFinished || left.abort());
  if (outgoing.destroyed) abort();
  else outgoing.on("close", abort);
  return left;
}

export function requestOf({ method, url, headers, signal, body }: NodeAsked): Request {
  const stream =
    body &&
    new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { value } = await body.read();
          if (value) controller.enqueue(value);
          else controller.close();
        },
        cancel: () => body.stop(),
      },
      { highWaterMark: 0 },
    );
  return new Request(url, { method, headers: [...headers], signal, body: stream, duplex: "half" });
}
