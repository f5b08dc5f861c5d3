/** A request of Node as routers see it, and as a `Request` for handlers that are not of this package. */
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

  /** Aborts when the client leaves before it has its response. Making it takes longer than parsing a request, and few handlers ask. */
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
