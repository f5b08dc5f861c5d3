/**
 * Random requests as bytes, well-formed or not, of which none does anything: a server answers each with 4xx
 * or ends its connection.
 */
import fc from "fast-check";
import { TOKEN } from "../../serve/support.js";

/** Bytes, each as a character. */
export const anyBytes = fc
  .uint8Array({ maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const word = fc.oneof(fc.stringMatching(/^[!-~]{1,12}$/), anyBytes);
const usual = <T>(weight: number, value: T, others: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, others);
const methods = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom("GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT"),
  },
  word,
);
const targets = fc.oneof(
  fc.constantFrom("/", "/studies/x", "/studies/x/events", "/studies/x/predict", "//x/studies/x", "*", "?"),
  fc.constantFrom(
    "http://x/studies/x",
    "HTTP://[::/",
    "http:",
    "x:1",
    "/studies/x#y",
    "/studies/\\..\\x",
    "",
  ),
  fc.stringMatching(/^[!-~]{1,12}$/).map((text) => `/studies/${text}`),
);
const authorization = `authorization: Bearer ${TOKEN}`;
const soundHeader = fc.oneof(
  fc.constantFrom(
    "content-type: application/json",
    "connection: close",
    "te: trailers",
    "accept: */*",
    "x: \xe9",
  ),
  fc.constant(authorization),
);
const soundBody = fc.constantFrom(
  ...["\r\n", "content-length: 4\r\n\r\nnull", "content-length: 2\r\n\r\n{}", "content-length: 0\r\n\r\n"],
  "transfer-encoding: chunked\r\n\r\n4\r\nnull\r\n0\r\n\r\n",
);
/** A well-formed request for no study that there is. */
export const soundRequest = fc
  .tuple(methods, targets, fc.uniqueArray(soundHeader, { maxLength: 4 }), soundBody)
  .map(([method, target, headers, body]) =>
    [`${method} ${target} HTTP/1.1`, "host: localhost", ...headers, body].join("\r\n"),
  );
const anyHeader = fc.oneof(
  soundHeader,
  fc.constantFrom(
    "host: localhost",
    "host: a b",
    "host:",
    "Host: x, y",
    "expect: 100-continue",
    "upgrade: x",
  ),
  fc.constantFrom("content-length: 4", "content-length: 0004", "content-length: +4", "Content-Length: 4, 4"),
  fc.constantFrom(
    "transfer-encoding: chunked",
    "transfer-encoding: Chunked",
    "transfer-encoding: chunked, x",
  ),
  fc.tuple(word, word).map(([name, value]) => `${name}: ${value}`),
);
const versions = usual(
  8,
  "HTTP/1.1",
  fc.constantFrom("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "http/1.1", "", "ICE/1.0"),
);
const lineEnd = usual(8, "\r\n", fc.constantFrom("\n", "\r", "\r\r\n", ""));
const bodies = fc.oneof(
  fc.constantFrom(
    "",
    "null",
    "{}{}",
    "4\r\nnull\r\n0\r\n\r\n",
    "4\r\nnull\r\n0\r\nx: y\r\n\r\n",
    "g\r\n",
    "0\r\n\r\n",
  ),
  anyBytes,
);
/** A request of which any line may be wrong. */
export const unsoundRequest = fc
  .tuple(methods, targets, versions, fc.array(anyHeader, { maxLength: 4 }), lineEnd, bodies)
  .map(([method, target, version, headers, end, body]) =>
    [`${method} ${target} ${version}`, "host: localhost", authorization, ...headers, "", body].join(end),
  );
/** A request of which some bytes were changed, lost or doubled. */
export const damagedRequest = fc
  .tuple(
    fc.oneof(soundRequest, unsoundRequest),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom("change", "drop", "double"), fc.nat(255)), { maxLength: 4 }),
  )
  .map(([request, edits]) =>
    edits.reduce((text, [place, edit, byte]) => {
      const at = place % (text.length + 1);
      const [before, after] = [text.slice(0, at), text.slice(at)];
      if (edit === "change") return before + String.fromCharCode(byte) + after.slice(1);
      return edit === "drop" ? before + after.slice(byte) : before + after.slice(0, byte) + after;
    }, request),
  );
