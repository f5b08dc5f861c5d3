/**
 * The network of a module of JavaScript: arrays that its function `run` fills, one after the other. An
 * elementwise operation with one reader is written into the reader's loop, and a view into the places that it
 * reads. Operations are in `jsRows.ts`; it knows nothing about tables.
 */
import { ownView, type View, viewThrough } from "../../compile/view.js";
import { isNode, type Node, type OperationName } from "../../graph/graph.js";
import { resolveShape, type Shape, sizeOf } from "../../graph/shape.js";
import { shortest } from "../../numerics/shortest.js";
import { type Inference, type Known, loopOf } from "./inference.js";
import type { Part } from "./jsParts.js";
import { type Expression, ROWS, type Row } from "./jsRows.js";

/** The module so far. */
interface Module {
  /** Definitions before the function, and its statements. */
  readonly definitions: string[];
  readonly statements: string[];
  readonly names: Set<string>;
  use(part: Part): Part;
}

/** The place of a node's numbers: an array, or a number. */
interface Place {
  readonly name: string;
  /** Their offset, if it changes. */
  readonly at?: string;
  readonly is?: "number" | "filled here";
}

/** Definitions, and `run(x)`, which returns the array of the prediction. */
export function networkCode(inference: Inference, use: (part: Part) => Part): string {
  const module: Module = { definitions: [], statements: [], names: new Set(), use };
  const { nodes, live, x, prediction, layers, known } = inference;
  const writer = new Writer(module, nodes, live, [prediction], (id) => layers[id], "  ");
  writer.places.set(x, { name: "x" });
  writer.write(known);
  const result = writer.array(prediction);
  return [
    ...module.definitions,
    "",
    "/** The network. The next call fills its arrays again. */",
    "function run(x) {",
    ...module.statements,
    `  return ${result};`,
    "}",
  ].join("\n");
}

/** Writes the statements of a graph: of the network, or of the body of a loop. */
class Writer {
  readonly places = new Map<number, Place>();
  /** Nodes, with their shapes for one row. */
  readonly nodes: readonly Node[];
  private readonly views: View[] = [];
  /** The readers of each node; results have one more reader. */
  private readonly readers: number[][];

  constructor(
    private readonly module: Module,
    nodes: readonly Node[],
    private readonly live: readonly number[],
    results: readonly number[],
    private readonly layerOf: (id: number) => string | undefined,
    private readonly indent: string,
  ) {
    this.nodes = nodes.map((node) => ({ ...node, shape: resolveShape(node.shape, 1) }));
    this.readers = nodes.map(() => []);
    for (const id of live) for (const input of nodes[id].inputs) this.readers[input].push(id);
    for (const id of results) this.readers[id].push(-1);
  }

  write(known: ReadonlyMap<number, Known>): void {
    for (const id of this.live) {
      const node = this.nodes[id];
      this.views[id] = ownView(id, node.shape);
      const { name = "constant", data = constantOf(node) } = known.get(id) ?? {};
      if (data && (data.length > 1 || known.has(id)))
        this.places.set(id, { name: this.define(name, floatsCode(data, this.module.use)) });
      else if (data) this.places.set(id, { name: this.literal(data[0]), is: "number" });
      else if (isNode(node, "scan")) this.loop(id, node);
      else this.one(id, node);
    }
  }

  /** The name of the array with exactly the numbers of a node, row by row. */
  array(id: number): string {
    const { root } = this.views[id];
    const place = this.places.get(root) as Place;
    const { shape } = this.nodes[id];
    const isWhole =
      sizeOf(shape) === sizeOf(this.nodes[root].shape) && this.index(id, counter(shape)) === counter(shape);
    return isWhole && place.is !== "number" ? place.name : this.copied(id);
  }

  /** Like `array`, but never an array of another graph, which may change. */
  ownArray(id: number): string {
    return this.places.get(this.views[id].root)?.is === "filled here" ? this.array(id) : this.copied(id);
  }

  private copied(id: number): string {
    const { shape } = this.nodes[id];
    const name = this.zeros(this.nameOf(id), shape);
    this.fill(shape, (i) => `${name}[${i}] = ${this.leaf(id, i)};`);
    this.places.set(id, { name, is: "filled here" });
    this.views[id] = ownView(id, shape);
    return name;
  }

  private one(id: number, node: Node): void {
    const { nodes, module, indent } = this;
    const { inputs } = node;
    const row = ROWS[node.op] as Row<OperationName>;
    const given = { ...node, shapes: inputs.map((input) => nodes[input].shape) };
    if ("view" in row) {
      const through = () => viewThrough(node, this.views[inputs[0]], nodes[inputs[0]].shape);
      const view = through();
      if (view === undefined) this.copied(inputs[0]);
      this.views[id] = view ?? (through() as View);
    } else if ("write" in row) {
      if (!this.isInline(id)) this.region(id);
    } else if ("call" in row) {
      const part = module.use(row.call(given));
      const places =
        row.places &&
        this.define(`${this.nameOf(id)}_places`, `${module.use("placesIn")}(${codeOf(row.places(given))})`);
      const arrays = inputs.map((input) => this.array(input));
      const operands = [...arrays, this.filled(id), ...(places ? [places] : []), ...row.others(given)];
      module.statements.push(`${indent}${part}(${operands.join(", ")});`);
    } else if ("blocks" in row) {
      const name = this.filled(id);
      if (inputs.length === 1) module.statements.push(`${indent}${name}.fill(0);`);
      const strides = this.views[id].strides.map(({ scale }) => scale);
      for (const [at, begin] of row.blocks(given).entries()) {
        const start = begin.reduce((sum, place, axis) => sum + place * strides[axis], 0);
        const to = (i: string): string => indexOf(given.shapes[at], strides, start, i);
        this.fill(given.shapes[at], (i) => `${name}[${to(i)}] = ${this.leaf(inputs[at], i)};`);
      }
    }
  }

  /** Whether a node is written within the loop of its reader. */
  private isInline(id: number): boolean {
    const [reader, ...others] = this.readers[id];
    const isRead = reader >= 0 && others.length === 0 && this.layerOf(id) === this.layerOf(reader);
    return isRead && [id, reader].every((each) => "write" in ROWS[this.nodes[each].op]);
  }

  /**
   * A loop that fills an array with an expression of each number: in place, if nothing else reads its input.
   */
  private region(id: number): void {
    const { shape } = this.nodes[id];
    const [over] = this.leavesOf(id).filter((leaf) => this.isReadOnce(leaf, shape));
    const name = over === undefined ? this.filled(id) : this.array(over);
    this.places.set(id, { name, is: "filled here" });
    const write = (i: string): string => `${name}[${i}] = ${this.expression(id, i, true)};`;
    // y[i] = y[i] + x is y[i] += x
    this.fill(shape, (i) => write(i).replace(/^(\S+) = \1 ([-+*/]) /, "$1 $2= "));
  }

  /** The arrays that the expression of a node reads in place. */
  private leavesOf(id: number): number[] {
    return this.nodes[id].inputs.flatMap((input) => (this.isInline(input) ? this.leavesOf(input) : [input]));
  }

  /** Whether an array has the numbers of a node in order, and is read only for that. */
  private isReadOnce(id: number, shape: Shape): boolean {
    const { root } = this.views[id];
    const isAll =
      this.index(id, counter(shape)) === counter(shape) && sizeOf(this.nodes[root].shape) === sizeOf(shape);
    if (!isAll || this.readers[id].length !== 1) return false;
    return id === root
      ? this.places.get(root)?.is === "filled here"
      : this.isReadOnce(this.nodes[id].inputs[0], shape);
  }

  /** @param isStored - whether storing the result in an array rounds it */
  private expression(id: number, i: string, isStored: boolean): string {
    const { op, inputs } = this.nodes[id];
    const { write, keeps, isExact, needs } = ROWS[op] as Expression;
    if (needs) this.module.use(needs);
    const operands = inputs.map((input) =>
      this.isInline(input) ? this.expression(input, i, isStored && keeps === true) : this.leaf(input, i),
    );
    const text = write(...operands);
    return isStored || isExact ? text : `${this.module.use("f")}(${text})`;
  }

  /** Number `i` of a node, read in place. */
  private leaf(id: number, i: string): string {
    const { name, is } = this.places.get(this.views[id].root) as Place;
    return is === "number" ? name : `${name}[${this.index(id, i)}]`;
  }

  private index(id: number, i: string): string {
    const { root, offset, strides } = this.views[id];
    const apart = strides.map(({ scale }) => scale);
    const index = indexOf(this.nodes[id].shape, apart, offset.base + offset.scale, i);
    const at = this.places.get(root)?.at;
    if (at === undefined) return index;
    return index === "0" ? at : `${at} + ${index}`;
  }

  /** A statement for each number of a shape. */
  private fill(shape: Shape, statement: (i: string) => string): void {
    const loop = `for (let i = 0; i < ${sizeOf(shape)}; i++)`;
    const body = statement(counter(shape));
    const isShort = loop.length + body.length < 110;
    const lines = sizeOf(shape) === 1 ? [body] : isShort ? [`${loop} ${body}`] : [loop, `  ${body}`];
    this.module.statements.push(...lines.map((line) => this.indent + line));
  }

  /**
   * Steps one after the other: carries are arrays that each step replaces, and sequences are read in place.
   */
  private loop(id: number, { attributes, inputs }: Node<"scan">): void {
    const { body, next, sequences, steps, reverse } = attributes;
    const { module, indent, places, nodes } = this;
    const { live, carries, stacks, results } = loopOf(id, nodes, this.live);
    const name = this.nameOf(id);
    const inner = new Writer(module, body, live, results, () => name, `${indent}  `);
    const step = `t${indent.length > 2 ? indent.length / 2 : ""}`;
    const line = (code: string): unknown => module.statements.push(indent + code);
    const carried = carries.map(({ carry, parts }) => {
      const { shape } = inner.nodes[carry];
      const own = this.zeros(`${name}_carry`, shape);
      this.fill(shape, (i) => `${own}[${i}] = ${this.leaf(inputs[carry], i)};`);
      inner.places.set(carry, { name: own });
      for (const part of parts) places.set(part, { name: own });
      return own;
    });
    for (const i of live.filter((each) => each >= next.length && each < inputs.length)) {
      const at = i < next.length + sequences && timesOf(step, sizeOf(body[i].shape));
      inner.places.set(i, { name: this.array(inputs[i]), ...(at && { at }) });
    }
    line(
      `for (${reverse ? `let ${step} = ${steps - 1}; ${step} >= 0; ${step}--` : `let ${step} = 0; ${step} < ${steps}; ${step}++`}) {`,
    );
    inner.write(new Map());
    for (const { part, of } of stacks)
      line(
        `  ${this.filled(part, "_steps")}.set(${inner.array(of)}, ${timesOf(step, sizeOf(body[of].shape))});`,
      );
    const after = carries.map(({ carry, next: of }) => (of === carry ? undefined : inner.ownArray(of)));
    for (const [i, own] of after.entries()) if (own) line(`  ${carried[i]}.set(${own});`);
    line("}");
  }

  private nameOf(id: number): string {
    return this.layerOf(id) ?? this.nodes[id].op;
  }

  /** A new array for the numbers of a node. */
  private filled(id: number, what = ""): string {
    const name = this.zeros(this.nameOf(id) + what, this.nodes[id].shape);
    this.places.set(id, { name, is: "filled here" });
    return name;
  }

  private zeros(name: string, shape: Shape): string {
    return this.define(name, `new Float32Array(${sizeOf(shape)})`);
  }

  /** A constant of the module. @returns its unique name */
  private define(wanted: string, code: string): string {
    const { names, definitions } = this.module;
    const base = wanted.replace(/\W/g, "_").replace(/^(?=\d)/, "_");
    let [name, count] = [/_\d/.test(base) ? base : `${base}_1`, 1];
    while (names.has(name)) name = `${base}_${++count}`;
    names.add(name);
    definitions.push(`const ${name} = ${code};`);
    return name;
  }

  /** A float32. */
  private literal(value: number): string {
    const text = shortest(value);
    return Number(text) === value ? text : `${this.module.use("f")}(${text})`;
  }
}

/** The known numbers of a node; undefined if they depend on rows. */
function constantOf(node: Node): Float32Array | undefined {
  if (isNode(node, "constant")) return Float32Array.from(node.attributes.values);
  return isNode(node, "count") ? Float32Array.of(sizeOf(node.attributes.of)) : undefined;
}

/** The head of a loop over the numbers of a shape, as code. */
const counter = (shape: Shape): string => (sizeOf(shape) === 1 ? "0" : "i");

/** An object of numbers and lists of them. */
const codeOf = (value: object): string => JSON.stringify(value).replaceAll('"', "").replace(/[,:]/g, "$& ");

const timesOf = (name: string, count: number): string => (count === 1 ? name : `${name} * ${count}`);

/** The place of number `i` of a shape with the given strides, as code. */
function indexOf(shape: Shape, strides: readonly number[], start: number, i: string): string {
  const axes: { length: number; stride: number }[] = [];
  for (const [axis, length] of shape.entries()) {
    const stride = strides[axis];
    const before = axes[axes.length - 1];
    if (length === 1) continue;
    if (before && before.stride === stride * length)
      Object.assign(before, { length: before.length * length, stride });
    else axes.push({ length, stride });
  }
  let inner = 1;
  const terms: string[] = start === 0 ? [] : [String(start)];
  for (const [at, { length, stride }] of [...axes.entries()].reverse()) {
    const quotient = inner === 1 ? i : `Math.floor(${i} / ${inner})`;
    const index = at === 0 ? quotient : `${quotient} % ${length}`;
    if (stride !== 0) terms.unshift(timesOf(index, stride));
    inner *= length;
  }
  return terms.length === 0 ? "0" : terms.join(" + ");
}

/**
 * Float32 numbers as code: as decimals or in base64, whichever is shorter. A sum does not distinguish −0 from
 * 0.
 */
function floatsCode(data: Float32Array, use: (part: Part) => Part): string {
  const most = 10 + Math.ceil(data.length / 3) * 16;
  let decimals = "Float32Array.from([";
  for (let i = 0; i < data.length && decimals.length <= most; i++)
    decimals += `${i > 0 ? "," : ""}${shortest(data[i])}`;
  if (decimals.length <= most) return `${decimals}])`;
  const view = new DataView(new ArrayBuffer(4 * data.length));
  for (let i = 0; i < data.length; i++) view.setFloat32(4 * i, data[i], true);
  let text = "";
  for (const byte of new Uint8Array(view.buffer)) text += String.fromCharCode(byte);
  return `${use("floats")}("${btoa(text)}")`;
}
