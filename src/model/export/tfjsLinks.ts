/** Calls of layers in a topology, in the forms of Keras 2 and of Keras 3, which are not trusted. */
import { isRecord } from "../../errors.js";

/** A result of a call of a layer. */
export interface Link {
  readonly layer: string;
  readonly call: number;
  readonly result: number;
}

/** A call of a layer: the values that it takes, and the mask that Keras 3 writes for the first of them. */
export interface Call {
  readonly links: readonly Link[];
  readonly mask?: Link;
}

/** The calls of a layer; undefined for those that take other values, and for calls with other arguments. */
export function nodesIn(nodes: unknown = []): Call[] | undefined {
  return Array.isArray(nodes) ? allOf(nodes.map(callOf)) : undefined;
}

function callOf(node: unknown): Call | undefined {
  if (!isRecord(node)) return withLinks(linksIn(node));
  const { mask, ...others } = isRecord(node.kwargs) ? node.kwargs : {};
  if (!isRecord(mask)) return withLinks(linksIn(tensorsIn(node)));
  const [link] = linksIn([linkIn(mask)]) ?? [];
  const call = withLinks(linksIn(tensorsIn({ ...node, kwargs: others })));
  return link && call && { ...call, mask: link };
}

const withLinks = (links: Link[] | undefined): Call | undefined => links && { links };

/**
 * Links in a list of `[layer, call, result]`, with the arguments of the call, which must be empty, or in such
 * a link alone, or in a record of them; undefined for other values.
 */
export function linksIn(given: unknown): Link[] | undefined {
  const list = isRecord(given) ? Object.values(given) : given;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return allOf((typeof list[0] === "string" ? [list] : list).map(linkOf));
}

function linkOf(given: unknown): Link | undefined {
  if (!Array.isArray(given)) return undefined;
  const [layer, call, result, options = {}] = given;
  const isLink = typeof layer === "string" && isCount(call) && isCount(result);
  return isLink && isRecord(options) && isEmpty(options) ? { layer, call, result } : undefined;
}

/** Keras 3's form of a call as lists; undefined if it has other arguments than values and first states. */
function tensorsIn({ args, kwargs = {} }: Readonly<Record<string, unknown>>): unknown[] | undefined {
  if (!Array.isArray(args) || !isRecord(kwargs)) return undefined;
  const { initial_state: states, ...others } = kwargs;
  if (!isEmpty(others)) return undefined;
  return [args, states ?? []].flat(2).map(linkIn);
}

/** The link of a value of Keras 3. */
function linkIn(tensor: unknown): unknown {
  const { config } = isRecord(tensor) ? tensor : {};
  return isRecord(config) ? config.keras_history : undefined;
}

/** Keras 3 writes arguments that were left out, also of each value. */
const isEmpty = (options: object): boolean =>
  Object.values(options)
    .flat()
    .every((value) => value === null || value === undefined);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The elements, if none is undefined. */
const allOf = <T>(list: readonly (T | undefined)[]): T[] | undefined =>
  list.every((each) => each !== undefined) ? (list as T[]) : undefined;
