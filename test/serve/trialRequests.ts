/** Requests to servers of trials, and a clock that tests turn. Not a test itself. */
import { float, int, type Space, type Strategy, tpe } from "fettle";
import { memoryStorage } from "fettle/store";
import { afterEach, beforeEach, vi } from "vitest";
import type { TrialServerOptions } from "../../src/serve/trials/options.js";

export const TOKEN = "a secret of 16 characters or more";
export const space = { x: float(-5, 5), n: int(1, 9) };
export type Fetch = (request: Request) => Promise<Response>;

export const options = (more: Partial<TrialServerOptions> = {}): TrialServerOptions => ({
  token: TOKEN,
  storage: memoryStorage(),
  study: "s",
  space: space as Space,
  strategy: tpe() as Strategy,
  direction: "minimize",
  trials: 12,
  lag: 3,
  seed: 4,
  ...more,
});

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export async function post(
  fetch: Fetch,
  path: string,
  body?: unknown,
  init: RequestInit = {},
): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const request = new Request(`https://x.example/studies/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(body !== undefined && { body: text }),
    ...init,
  });
  const response = await fetch(request);
  const answer = await response.text();
  return { status: response.status, body: answer && JSON.parse(answer), headers: response.headers };
}

export const get = (fetch: Fetch, path: string) => post(fetch, path, undefined, { method: "GET" });
export const messageOf = ({ body }: Answer): string => (body as { error: { message: string } }).error.message;

/** Milliseconds, which pass as the test says. */
export const time = { now: 0 };

/** Lets time pass so in the tests of a file. */
export function turnTime(): void {
  beforeEach(() => {
    vi.spyOn(performance, "now").mockImplementation(() => time.now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
}
