/**
 * A database of D1 on workerd, for tests. Requests carry statements to it, since the proxy of Miniflare's own
 * `getD1Database` blocks this thread until its helper answers, and on a busy machine the late wake-up of one
 * call may end the wait of the next.
 */
import type { D1Answer, D1Binding, D1Prepared } from "fettle/store/d1";
import { Miniflare } from "miniflare";

/** Answers statements, each `[sql, ...values]` with bytes as `{ base64 }`: one by itself, or a batch. */
const SCRIPT = `
const valueOf = (value) =>
  value?.base64 === undefined ? value : Uint8Array.from(atob(value.base64), (unit) => unit.charCodeAt(0));
export default {
  async fetch(request, { DB }) {
    try {
      const bound = (await request.json()).map(([sql, ...values]) => DB.prepare(sql).bind(...values.map(valueOf)));
      const answers = request.url.endsWith("/all") ? [await bound[0].all()] : await DB.batch(bound);
      return Response.json({ answers });
    } catch ({ message }) {
      return Response.json({ message });
    }
  },
};`;

class Prepared implements D1Prepared {
  constructor(
    private readonly send: (path: string, statements: readonly Prepared[]) => Promise<D1Answer[]>,
    readonly words: readonly unknown[],
  ) {}

  bind(...values: unknown[]): D1Prepared {
    const sendable = (value: unknown): unknown =>
      value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
    return new Prepared(this.send, [this.words[0], ...values.map(sendable)]);
  }

  async all(): Promise<D1Answer> {
    const [answer] = await this.send("all", [this]);
    return answer;
  }
}

/** Starts workerd with an empty database. */
export function startD1(): { readonly binding: D1Binding; dispose(): Promise<void> } {
  const runtime = new Miniflare({
    modules: true,
    script: SCRIPT,
    compatibilityDate: "2026-04-01",
    cf: false,
    d1Databases: ["DB"],
  });
  const send = async (path: string, statements: readonly Prepared[]): Promise<D1Answer[]> => {
    const body = JSON.stringify(statements.map(({ words }) => words));
    const response = await runtime.dispatchFetch(`http://d1/${path}`, { method: "POST", body });
    const { answers, message } = (await response.json()) as { answers?: D1Answer[]; message?: string };
    if (answers === undefined) throw new Error(message);
    return answers;
  };
  const binding: D1Binding = {
    prepare: (sql) => new Prepared(send, [sql]),
    batch: (statements) => send("batch", statements as Prepared[]),
  };
  return { binding, dispose: () => runtime.dispose() };
}
