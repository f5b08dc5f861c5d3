/**
 * Programs that are compiled once. Two steps share a program if and only if they were traced to the same
 * graph: the same operations on the same inputs, the same constants bit for bit, the same names. Nothing else
 * decides it, so no name, function or object of a user can lead to a wrong program. Tracing is cheap; a hit
 * saves the passes.
 */
import type { Node } from "../graph/graph.js";
import { compileGraph } from "./compile.js";
import type { Program, StepGraph } from "./program.js";

/**
 * A complete step: equal fingerprints mean equal steps, with certainty. `hash` only makes them quick to find.
 */
export interface ProgramFingerprint {
  /** Operations, inputs and attributes as float64 numbers, by their bits. */
  readonly words: Uint32Array;
  /** Every name, each after its length; those of operations and attributes where they come first. */
  readonly names: string;
  /** Of words and names: the same in every process, so that saved work can name a step by it. */
  readonly hash: number;
}

export function sameFingerprint(a: ProgramFingerprint, b: ProgramFingerprint): boolean {
  if (a === b) return true;
  if (a.hash !== b.hash || a.words.length !== b.words.length || a.names !== b.names) return false;
  for (let i = 0; i < a.words.length; i++) if (a.words[i] !== b.words[i]) return false;
  return true;
}

/** The program of a step for batches of at most `rows` rows. */
export type ProgramCache = (step: StepGraph, rows: number, key?: ProgramFingerprint) => Program;

/**
 * A cache that keeps the `capacity` most recently used programs.
 *
 * @returns a function that compiles a step unless its equal was compiled before; its `key` is
 * `fingerprint(step)`, for a caller that already has it
 */
export function createProgramCache(capacity: number): ProgramCache {
  /** The most recently used program is the last. */
  const entries: { readonly key: ProgramFingerprint; readonly program: Program }[] = [];
  return (step, rows, key = fingerprint(step)) => {
    const found = entries.findIndex(
      (entry) => entry.program.rows === rows && sameFingerprint(entry.key, key),
    );
    const [entry] = found >= 0 ? entries.splice(found, 1) : [{ key, program: compileGraph(step, rows) }];
    entries.push(entry);
    if (entries.length > capacity) entries.shift();
    return entry.program;
  };
}

/** Room for the numbers of one step while it is read. */
let room = new Float64Array(4096);

/** Shapes are left out if they follow from an operation and its inputs. */
export function fingerprint(step: StepGraph): ProgramFingerprint {
  let count = 0;
  let names = "";
  const put = (value: number): void => {
    if (count === room.length) {
      const larger = new Float64Array(2 * room.length);
      larger.set(room);
      room = larger;
    }
    room[count++] = value;
  };
  const putName = (name: string): void => {
    names += `${name.length}:${name}`;
  };
  const numbers = new Map<string, number>();
  const putWord = (word: string): void => {
    let number = numbers.get(word);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(word, number);
      putName(word);
    }
    put(number);
  };
  const putNodes = (nodes: readonly Node[]): void => {
    put(nodes.length);
    for (const { op, inputs, attributes } of nodes) {
      putWord(op);
      put(inputs.length);
      for (const input of inputs) put(input);
      for (const name of Object.keys(attributes)) {
        const attribute = (attributes as Readonly<Record<string, Attribute>>)[name];
        putWord(name);
        if (typeof attribute === "number" || typeof attribute === "boolean") put(Number(attribute));
        else if (typeof attribute === "string") putName(attribute);
        else if (isNodes(attribute)) putNodes(attribute);
        else {
          put(attribute.length);
          for (const item of attribute) put(item);
        }
      }
    }
  };
  putNodes(step.nodes);
  for (const ends of [step.inputs, step.streamsIn, step.outputs, step.streamsOut]) {
    for (const name of Object.keys(ends)) {
      putName(name);
      put(ends[name]);
    }
    put(-1);
  }
  for (const name of Object.keys(step.state)) {
    putName(name);
    put(step.state[name].input);
    put(step.state[name].output);
  }
  const words = new Uint32Array(room.slice(0, count).buffer);
  return { words, names, hash: hashOf(words, names) };
}

type Attribute = number | boolean | string | readonly number[] | readonly Node[];

/** Whether an attribute is a graph. */
function isNodes(attribute: readonly number[] | readonly Node[]): attribute is readonly Node[] {
  return typeof attribute[0] === "object";
}

/** FNV-1a over words and the units of names (G. Fowler, L. Noll and K.-P. Vo). */
function hashOf(words: Uint32Array, names: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  for (let i = 0; i < names.length; i++) hash = Math.imul(hash ^ names.charCodeAt(i), 0x01000193);
  return hash;
}
