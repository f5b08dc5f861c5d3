/**
 * Events of TensorBoard as protocol buffers: numbers by step, and the data of its page HParams. The numbers
 * of the fields are those of
 * `event.proto` and `summary.proto` of TensorFlow, `plugin_data.proto` and `api.proto` of TensorBoard, and
 * `struct.proto` of protobuf.
 */
import { Message } from "../../model/export/protobuf.js";
import type { Space } from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";

/** The outcomes of a trial in HParams. */
export const SUCCESS = 1;
export const FAILURE = 2;

/** The first event of each file. */
export const versionEvent = (): Uint8Array => new Message().double(1, 0).text(3, "brain.Event:2").encoded();

/** Numbers at a step. @param seconds - since the study started */
export function scalarsEvent(
  seconds: number,
  step: number,
  scalars: readonly (readonly [tag: string, value: number])[],
): Uint8Array {
  const summary = new Message();
  for (const [tag, value] of scalars) summary.message(1, new Message().text(1, tag).float(2, value));
  return event(seconds, step, summary);
}

/** The parameters and the metrics, once per study. @param metrics - their tags, and their names for people */
export function experimentEvent(
  space: Space,
  metrics: readonly (readonly [tag: string, name: string])[],
): Uint8Array {
  const experiment = new Message();
  for (const [name, parameter] of Object.entries(space))
    experiment.message(4, parameterInfo(name, parameter));
  for (const [tag, name] of metrics)
    experiment.message(5, new Message().message(1, new Message().text(2, tag)).text(3, name));
  return pluginEvent(0, "_hparams_/experiment", new Message().message(2, experiment));
}

/** The parameters of a trial. */
export function startEvent(
  seconds: number,
  name: string,
  params: readonly (readonly [name: string, value: ParamValue])[],
): Uint8Array {
  const start = new Message();
  for (const [key, value] of params)
    start.message(1, new Message().text(1, key).message(2, valueMessage(value)));
  start.text(4, name).double(5, seconds);
  return pluginEvent(seconds, "_hparams_/session_start_info", new Message().message(3, start));
}

/** How a trial ended. */
export const endEvent = (seconds: number, status: typeof SUCCESS | typeof FAILURE): Uint8Array =>
  pluginEvent(
    seconds,
    "_hparams_/session_end_info",
    new Message().message(4, new Message().integer(1, status).double(2, seconds)),
  );

/** Strings, booleans and numbers are kept; HParams shows any other column as strings. */
export function kindOf(parameter: Space[string]): "string" | "boolean" | "number" {
  if (parameter.type !== "choice") return "number";
  const kinds = new Set(parameter.values.map((value) => typeof value));
  const [kind] = kinds;
  return kinds.size === 1 && (kind === "boolean" || kind === "number") ? kind : "string";
}

const TYPES = { string: 1, boolean: 2, number: 3 } as const;

function parameterInfo(name: string, parameter: Space[string]): Message {
  const kind = kindOf(parameter);
  const info = new Message().text(1, name).integer(4, TYPES[kind]);
  if (parameter.type !== "choice")
    return info.message(6, new Message().double(1, parameter.low).double(2, parameter.high));
  const values = new Message();
  for (const value of parameter.values) values.message(1, valueMessage(asKind(value, kind)));
  return info.message(5, values);
}

/** A value in the type of its column. */
export const asKind = (value: ParamValue, kind: ReturnType<typeof kindOf>): ParamValue =>
  kind === "string" && typeof value !== "string" ? JSON.stringify(value) : value;

function valueMessage(value: ParamValue): Message {
  if (typeof value === "number") return new Message().double(2, value);
  if (typeof value === "boolean") return new Message().integer(4, value ? 1 : 0);
  return new Message().text(3, String(value));
}

function pluginEvent(seconds: number, tag: string, content: Message): Uint8Array {
  const plugin = new Message().text(1, "hparams").bytes(2, content.encoded());
  const value = new Message()
    .text(1, tag)
    .message(8, emptyTensor())
    .message(9, new Message().message(1, plugin));
  return event(seconds, 0, new Message().message(1, value));
}

/** TensorBoard skips a summary without a number, unless it has a tensor: float32, of shape [0]. */
const emptyTensor = (): Message =>
  new Message().integer(1, 1).message(2, new Message().message(2, new Message().integer(1, 0)));

const event = (seconds: number, step: number, summary: Message): Uint8Array =>
  new Message().double(1, seconds).integer(2, step).message(5, summary).encoded();
