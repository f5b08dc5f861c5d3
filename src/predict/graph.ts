/**
 * Results of a network that is no stack of dense layers, on the kernels alone and to the bits of a compiled program. A predictor
 * loads this where a file has such a network.
 */
import { check, show } from "../errors.js";
import type { LayerDescription, NetworkDescription } from "./description.js";
import type { Results } from "./forward.js";
import { columnsInto, PLANNERS, type Plan, type Shape, sizeOf } from "./graphLayers.js";
import { mustBeBuiltIn } from "./layers.js";
import type { Tensors } from "./safetensors.js";
import { rowsAtATime, type Step, Workspace } from "./workspace.js";

export class GraphResults implements Results {
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
  readonly input: Float32Array;
  readonly output: Float32Array;
  private readonly steps: Step[] = [];

  /** @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported` for custom layers */
  constructor(network: NetworkDescription, tensors: Tensors) {
    const { columns, layers } = network;
    const { inputs, outputs, shapes, plans } = plansOf(network, tensors);
    const widths = inputs.map((id) => sizeOf(shapes.get(id) as Shape));
    const sizes = outputs.map((id) => sizeOf(shapes.get(id) as Shape));
    this.columns = columns;
    this.units = sizes.reduce((sum, size) => sum + size, 0);
    const own = plans.reduce((sum, { shape, bind }) => sum + (bind ? sizeOf(shape) : 0), 0);
    const parameters = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
    this.rows = rowsAtATime(2 * columns + this.units + own, parameters);
    const space = new Workspace();
    const room = (numbers: number): number => space.reserve(this.rows * numbers);
    const data = room(columns);
    const places = new Map<string, number>();
    let column = 0;
    for (const [i, id] of inputs.entries()) {
      const at = inputs.length === 1 ? data : room(widths[i]);
      places.set(id, at);
      if (at !== data)
        this.steps.push(columnsInto(space, data, columns, column, at, widths[i], 0, widths[i]));
      column += widths[i];
    }
    for (const [i, { id, inputs: taken }] of layers.entries()) {
      const { shape, bind } = plans[i];
      const from = taken.map((each) => places.get(each) as number);
      const to = bind ? room(sizeOf(shape)) : from[0];
      if (bind) this.steps.push(bind(space, from, to, this.rows));
      places.set(id, to);
    }
    const result = outputs.length === 1 ? (places.get(outputs[0]) as number) : room(this.units);
    if (outputs.length > 1) {
      let at = 0;
      for (const [i, id] of outputs.entries()) {
        const from = places.get(id) as number;
        this.steps.push(columnsInto(space, from, sizes[i], 0, result, this.units, at, sizes[i]));
        at += sizes[i];
      }
    }
    // last, since views of a memory that grows are detached
    this.input = space.view(data, this.rows * columns);
    this.output = space.view(result, this.rows * this.units);
  }

  run(rows: number): void {
    for (const step of this.steps) step(rows);
  }
}

/** A network whose layers and arrays fit each other. Inputs, outputs and values are by id. */
export interface Plans {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of a row of each value. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** In the order of the layers. */
  readonly plans: readonly Plan[];
}

/** @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported` for custom layers */
export function plansOf(network: NetworkDescription, tensors: Tensors): Plans {
  const { columns, layers } = network;
  const ends = network.inputs?.map(({ name, shape }) => [`input.${name}`, shape] as const) ?? [
    ["input", [columns]] as const,
  ];
  const shapes = new Map<string, Shape>(ends);
  const width = ends.reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
  check(
    width === columns,
    () =>
      `the inputs of the network must have ${columns} columns; received shapes ${show(ends.map(([, shape]) => shape))}`,
    "invalid_checkpoint",
  );
  const plans = layers.map((layer) => {
    check(
      layer.inputs.length > 0 && layer.inputs.every((id) => shapes.has(id)),
      () => `layer ${show(layer.id)} must follow the layers that it takes; received ${show(layer.inputs)}`,
      "invalid_checkpoint",
    );
    const taken = layer.inputs.map((id) => shapes.get(id) as Shape);
    const plan = planOf(layer, taken, tensors);
    shapes.set(layer.id, plan.shape);
    return plan;
  });
  const outputs = network.outputs?.map(({ value }) => value) ?? [layers[layers.length - 1].id];
  return { inputs: ends.map(([id]) => id), outputs, shapes, plans };
}

function planOf(layer: LayerDescription, shapes: readonly Shape[], tensors: Tensors): Plan {
  const { id, name, weights } = layer;
  const planner = Object.hasOwn(PLANNERS, name) && !layer.custom ? PLANNERS[name] : undefined;
  mustBeBuiltIn(planner, layer);
  const plan = planner(layer, shapes, (parameter, shape) => {
    const tensor = Object.hasOwn(weights, parameter) ? tensors[weights[parameter]] : undefined;
    check(
      tensor && String(tensor.shape) === String(shape),
      () =>
        `array ${show(parameter)} of layer ${show(id)} must have shape ${show(shape)}; received ${show(tensor?.shape)}`,
      "invalid_checkpoint",
    );
    return tensor;
  });
  check(
    plan.shape.length > 0 && plan.shape.every((size) => Number.isSafeInteger(size) && size > 0),
    () => `layer ${show(id)} must fit what it takes; received shapes ${show(shapes)}`,
    "invalid_checkpoint",
  );
  return plan;
}
