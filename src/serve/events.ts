/** What happens to a study as server-sent events: a stream of text that ends with the study. */
import type { ServedEvent } from "./study.js";

/** Events that wait for a slow reader. One that is further behind is let go, and begins again with a status. */
const MOST_WAITING = 256;

/**
 * @param listen - begins to tell what happens, the status first, and returns what ends that
 * @returns `event: status` and `event: trial`, each with its JSON
 */
export async function eventStream(
  listen: (listener: (event: ServedEvent) => void) => Promise<() => void>,
): Promise<ReadableStream<Uint8Array>> {
  const text = new TextEncoder();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let leave = (): void => {};
  let open = true;
  const end = (): void => {
    if (!open) return;
    open = false;
    leave();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      cancel: end,
    },
    { highWaterMark: MOST_WAITING },
  );
  leave = await listen((event) => {
    if (!open) return;
    if (event.type !== "forgotten") {
      const data = event.type === "trial" ? event.trial : event.status;
      controller.enqueue(text.encode(`event: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`));
    }
    const over =
      event.type === "forgotten" ||
      (event.type === "status" && ["done", "cancelled"].includes(event.status.phase)) ||
      (controller.desiredSize ?? 0) <= 0;
    if (!over) return;
    controller.close();
    end();
  });
  if (!open) leave();
  return stream;
}
