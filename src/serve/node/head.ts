/**
 * The head of a request from Node, or the refusal of an ambiguous one. Requests that Node's parser refuses do
 * not get here. It does not read the body.
 */
import { inShort, tooLong } from "../body.js";
import { Refusal } from "../responses.js";
import type { NodeRequest } from "./host.js";

/** A request without its body. */
export interface Head {
  readonly method: string;
  /** Its origin is always `http://localhost`. */
  readonly url: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Whether a body follows that the method allows in a `Request`. */
  readonly hasBody: boolean;
}

/** The methods that `Request` refuses. */
const FORBIDDEN: readonly string[] = ["CONNECT", "TRACE", "TRACK"];

/** The methods that handlers receive, for the header `allow`; a handler allows some of them. */
const ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** A name or an address with its port (RFC 9110, 7.2). Several headers, joined by commas, do not match. */
const HOST = /^[\w.~%!$&'()*+;=:[\]-]*$/;

/** The most headers of a request: usually there are some twenty, and Node keeps at most 2,000. */
const MOST_HEADERS = 100;

/**
 * @param maxBodyBytes - the most bytes that a body may declare
 * @throws Refusal
 */
export function headOf(incoming: NodeRequest, maxBodyBytes: number): Head {
  const { method = "", url: target = "", rawHeaders } = incoming;
  if (FORBIDDEN.includes(method)) throw refuseMethod(method);
  const url = urlOf(target);
  if (url === undefined) throw refuse(400, "the target", "a path, or an address of http", target);
  const count = rawHeaders.length / 2;
  if (count > MOST_HEADERS) throw refuse(431, "headers", `at most ${MOST_HEADERS}`, count);
  const headers = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? rawHeaders[i + 1] : `${before}, ${rawHeaders[i + 1]}`);
  }
  const host = headers.get("host") ?? "";
  if (!HOST.test(host))
    throw refuse(400, "the header host", "one name or address, with or without a port", host);
  const encoding = headers.get("transfer-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "chunked")
    throw refuse(400, "the header transfer-encoding", "chunked, or absent", encoding);
  const length = Number(headers.get("content-length") ?? 0);
  if (length > maxBodyBytes) throw tooLong("the body", maxBodyBytes);
  const mayHaveBody = method !== "GET" && method !== "HEAD";
  return { method, url, headers, hasBody: mayHaveBody && (encoding !== undefined || length > 0) };
}

/** The refusal of a method that no `Request` can have. */
export function refuseMethod(method: string): Refusal {
  const rule = "one that a Request can have, such as GET or POST";
  return new Refusal(405, "invalid_argument", `the method must be ${rule}; received ${inShort(method)}`, {
    allow: ALLOW,
  });
}

/**
 * The address of a target: a path, or an absolute address, whose path counts (RFC 9112, 3.2). With our own
 * origin in front, "//" at the start of a path does not name another host.
 */
function urlOf(target: string): string | undefined {
  if (target.startsWith("/")) return new URL(`http://localhost${target}`).href;
  if (!/^https?:\/\//i.test(target)) return undefined;
  try {
    const { pathname, search } = new URL(target);
    return `http://localhost${pathname}${search}`;
  } catch {
    return undefined;
  }
}

const refuse = (status: number, name: string, rule: string, received: string | number): Refusal =>
  new Refusal(status, "invalid_argument", `${name} must be ${rule}; received ${inShort(received)}`);
