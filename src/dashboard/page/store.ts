/** The state of the page as signals: its route, and the studies that it follows. */
import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { type Route, routeOf } from "../state/route.js";
import { afterEvents, NO_STUDY, type StudyState } from "../state/study.js";
import type { Try } from "../state/tries.js";
import type { DashboardEvent } from "../wire.js";
import { connection, follow, otherKey, Refused, takeKey } from "./api.js";

takeKey();
export const route = signal<Route>(routeOf(location.hash));
addEventListener("hashchange", () => {
  // the address of a restarted dashboard, entered in an open page
  takeKey();
  route.value = routeOf(location.hash);
  message.value = undefined;
});

/** The last error, for people. */
export const message = signal<string | undefined>(undefined);

/** The points sent from this page. */
export const tries = signal<readonly Try[]>([]);

/** The message of an error; empty if the page already shows that the connection is lost. */
const wordsOf = (error: unknown): string | undefined => {
  if (error instanceof Refused && connection.value !== "open") return undefined;
  return error instanceof Error ? error.message : String(error);
};

/** Runs an action, and shows the error if it is refused. @returns whether it succeeded */
export async function trying(work: () => Promise<unknown>): Promise<boolean> {
  try {
    message.value = undefined;
    await work();
    return true;
  } catch (error) {
    message.value = wordsOf(error);
    return false;
  }
}

/** A followed study. */
export interface Followed {
  readonly state: StudyState;
  readonly connection: "connecting" | "live" | "lost";
}

const NOTHING: Followed = { state: NO_STUDY, connection: "connecting" };
/** Milliseconds between two updates of the page: a person reads no faster. */
const PACE = 400;
const AGAIN = 1500;

/** Follows a study while its component is shown. */
export function useStudy(name: string): Followed {
  const found = useMemo(() => signal<Followed>(NOTHING), [name]);
  useEffect(() => {
    const left = new AbortController();
    void keepFollowing(name, left.signal, (followed) => {
      found.value = followed;
    });
    return () => left.abort();
  }, [name]);
  return found.value;
}

async function keepFollowing(
  name: string,
  signal: AbortSignal,
  show: (followed: Followed) => void,
): Promise<void> {
  let shown = NO_STUDY;
  /** Why the last stream was refused, for people. */
  let trouble: string | undefined;
  while (!signal.aborted) {
    // a stream begins with all trials: the shown ones stay until those have arrived
    let state = NO_STUDY;
    let waiting: DashboardEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let locked: string | undefined;
    const flush = (): void => {
      timer = undefined;
      state = afterEvents(state, waiting);
      waiting = [];
      // a stream that ends this way is requested again: the answer shows whether the study is gone, or its
      // source does not answer
      if (state.isGone || (!state.isReady && shown.isReady)) return;
      if (trouble !== undefined && message.value === trouble) message.value = undefined;
      trouble = undefined;
      shown = state;
      if (!signal.aborted) show({ state: shown, connection: "live" });
    };
    try {
      await follow(
        name,
        (event) => {
          waiting.push(event);
          timer ??= setTimeout(flush, state.isReady ? PACE : 30);
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status === 404) {
        show({ state: { ...NO_STUDY, isGone: true }, connection: "lost" });
        return;
      }
      if (error instanceof Refused && error.status === 401) locked = error.key;
      else {
        trouble = wordsOf(error);
        message.value = trouble ?? message.value;
      }
    }
    clearTimeout(timer);
    if (waiting.length > 0) flush();
    if (signal.aborted) return;
    show({ state: shown, connection: "lost" });
    if (locked !== undefined) await otherKey(locked, signal);
    else await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}
