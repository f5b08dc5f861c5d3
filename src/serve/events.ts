/** Server-sent events: a stream of text, such as the progress of a study, that ends when the study does. */
import { hasEnded, type ServedEvent, type StudyStatus } from "./record.js";

/**
 * The most events that wait for a slow reader. Beyond that the stream ends; a new one begins with the status.
 */
const MOST_WAITING = 256;

/**
 * @param listen - calls the listener with the status and then with each event, until the function that it
 * returns is called
 * @returns `event: status` and `event: trial`, each with its JSON
 */
export function eventStream<Status extends Phase = StudyStatus>(
  listen: (listener: (event: ServedEvent<Status>) => void) => Promise<() => void>,
): Promise<ReadableStream<Uint8Array>> {
  return sentEvents(listen, textOf, isLast);
}

/**
 * A stream of events.
 *
 * @param listen - calls the listener with each event, until the function that it returns is called
 * @param textOf - the text to send for an event
 * @param isLast - whether the stream ends with it
 */
export async function sentEvents<E>(
  listen: (listener: (event: E) => void) => Promise<() => void>,
  textOf: (event: E) => string,
  isLast: (event: E) => boolean,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
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
    const text = textOf(event);
    if (text !== "") controller.enqueue(encoder.encode(text));
    if (!isLast(event) && (controller.desiredSize ?? 0) > 0) return;
    controller.close();
    end();
  });
  if (!open) leave();
  return stream;
}

type Phase = Pick<StudyStatus, "phase">;

function textOf(event: ServedEvent<Phase>): string {
  if (event.type === "deleted") return "";
  const data = event.type === "trial" ? event.trial : event.status;
  return `event: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function isLast(event: ServedEvent<Phase>): boolean {
  return event.type === "deleted" || (event.type === "status" && hasEnded(event.status));
}
