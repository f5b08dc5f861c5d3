/** Requests to the server of the dashboard, with the key from its address. */
import { signal } from "@preact/signals";
import type { CurvesByTrial, DashboardEvent, Note, Params, StudyList } from "../wire.js";

const KEPT = "fettle-key";

/** Whether the server answers: `lost` while it does not, `locked` while it refuses the key. */
export const connection = signal<"open" | "lost" | "locked">("open");

/**
 * Removes the key from the address, so that it is neither seen nor copied. Other pages of this browser find
 * it in storage.
 */
export function takeKey(): void {
  const key = /^#key=([\w-]+)$/.exec(location.hash)?.[1];
  if (key === undefined) return;
  localStorage.setItem(KEPT, key);
  history.replaceState(null, "", `${location.pathname}#/`);
}

const ownKey = (): string => localStorage.getItem(KEPT) ?? "";

/** Resolves when this browser has a key other than the refused one. */
export async function otherKey(refused: string, signal: AbortSignal): Promise<void> {
  while (ownKey() === refused && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 300));
}

/** A refusal, or no answer: its status is then 0. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** The key of the request. */
    readonly key: string,
  ) {
    super(message);
  }
}

const LOST = "The dashboard does not answer; its command may have ended.";

async function answer(path: string, method = "GET", body?: unknown, signal?: AbortSignal): Promise<Response> {
  const key = ownKey();
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const init = { method, headers, ...(signal && { signal }) };
  let response: Response;
  try {
    response = await fetch(
      `/api${path}`,
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    );
  } catch {
    if (!signal?.aborted) connection.value = "lost";
    throw new Refused(LOST, 0, key);
  }
  connection.value = response.status === 401 ? "locked" : "open";
  if (response.ok) return response;
  const said = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  const message = said.error?.message ?? `The dashboard refused with status ${response.status}.`;
  throw new Refused(message, response.status, key);
}

const pathOf = (study: string, rest = ""): string => `/studies/${encodeURIComponent(study)}${rest}`;

export const listStudies = async (): Promise<StudyList> => (await answer("/studies")).json();

export const startStudy = async (study: string, settings: unknown): Promise<void> =>
  void (await answer(pathOf(study), "POST", settings));

export const command = async (study: string, name: string): Promise<void> =>
  void (await answer(pathOf(study, `/${name}`), "POST"));

export const enqueue = async (study: string, params: Params): Promise<void> =>
  void (await answer(pathOf(study, "/enqueue"), "POST", { params }));

export const saveNote = async (study: string, note: Note): Promise<void> =>
  void (await answer(pathOf(study, "/notes"), "PUT", note));

export const curvesOf = async (study: string, trials: readonly number[]): Promise<CurvesByTrial> =>
  (await answer(pathOf(study, `/curves?trials=${trials.join(",")}`))).json();

/** Saves a file of the server: a link could not carry the key. */
export async function download(study: string, rest: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await (await answer(pathOf(study, rest))).blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Calls `take` with what happens to a study, until the stream ends. */
export async function follow(
  study: string,
  take: (event: DashboardEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { body } = await answer(pathOf(study, "/events"), "GET", undefined, signal);
  const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read().catch(() => {
      if (!signal.aborted) connection.value = "lost";
      throw new Refused(LOST, 0, "");
    });
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      take(JSON.parse(text.slice("data: ".length, end)) as DashboardEvent);
      text = text.slice(end + 2);
    }
  }
}
