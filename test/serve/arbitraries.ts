/** Random requests, as data, and which of them a server should accept. */
import fc from "fast-check";
import { codePoint } from "../codePoints.js";
import { TOKEN } from "./support.js";

/** Words that occur in requests, and any others. */
const word = fc.oneof(
  fc.constantFrom("studies", "a", "none", "trials", "result", "events", "pause", "advance", "..", "%2e"),
  fc.constantFrom("constructor", "__proto__", "", "%00", "%", "a%2Fb", "?", "#"),
  fc.string({ unit: codePoint, maxLength: 12 }),
);
const action = fc.constantFrom(
  ...["", "/", "/trials", "/result", "/events", "/pause", "/resume", "/cancel", "/advance"],
);
/** Paths of studies with these names and of others. */
export const anyPath = (...names: readonly string[]) =>
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...names, "a.b", "a".repeat(65)), action)
        .map(([name, what]) => `/studies/${name}${what}`),
    },
    fc.array(word, { maxLength: 5 }).map((words) => `/${words.join("/")}`),
  );

const setting = fc.oneof(fc.jsonValue(), fc.constantFrom("tpe", "random", 1, 50));
export const anyBody = fc.oneof(
  fc.json(),
  fc.string({ unit: codePoint }),
  fc
    .record({ trials: setting, strategy: setting, other: setting }, { requiredKeys: [] })
    .map((it) => JSON.stringify(it)),
  fc.uint8Array({ maxLength: 64 }),
  fc.constant("x".repeat(17_000)),
);
export const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "FOO");
/** The header `authorization`. */
export const header = fc.oneof(
  { weight: 3, arbitrary: fc.constant(`Bearer ${TOKEN}`) },
  fc.constantFrom("", "Bearer", `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`),
  fc.stringMatching(/^[ -~]{0,40}$/),
);

/**
 * Whether a server with the settings `trials` and `strategy` should accept a request.
 *
 * @param ended - names of studies that are cancelled or done
 * @param running - names of running studies
 */
export function isProper(
  given: {
    readonly method: string;
    readonly path: string;
    readonly authorization: string;
    readonly body: unknown;
  },
  ended: readonly string[],
  running: readonly string[] = [],
): boolean {
  const { pathname } = new URL(`https://example.com${given.path}`);
  if (!new RegExp(`^ *bearer +${TOKEN} *$`, "i").test(given.authorization)) return false;
  const [, root, name, what = ""] = pathname.split("/");
  if (root === "studies" && [...ended, ...running].includes(name)) {
    if (what === "" && given.method !== "POST") return true;
    if (["trials", "events", "advance", "result", "cancel"].includes(what)) return true;
    if (["pause", "resume"].includes(what) && running.includes(name)) return true;
  }
  try {
    const { trials, strategy, ...others } = JSON.parse(String(given.body));
    const fits = Number.isInteger(trials) && trials > 0 && trials <= 50 && /^(tpe|random|gp)$/.test(strategy);
    return fits && Object.keys(others).length === 0;
  } catch {
    return false;
  }
}
