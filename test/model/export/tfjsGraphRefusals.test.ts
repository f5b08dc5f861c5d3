/** Layers models whose layers do not make a graph that Fettle has, each refused with its reason. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { exported, functional, type Parsed } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

describe("importTfjs refuses a graph with", () => {
  const layers = (json: Parsed) => json.modelTopology.config.layers;
  const { "weights.bin": weights } = exported();

  it.each<[string, (json: Parsed) => void, string]>([
    [
      "a layer that follows from nothing",
      (json) => {
        layers(json)[2].inbound_nodes = [];
      },
      "unsupported: each layer of the model must follow from its inputs, and its outputs must be of its layers; " +
        'received ["activation_1","dense_2"] that do not follow',
    ],
    [
      "layers in a circle",
      (json) => {
        layers(json)[2].inbound_nodes = [[["dense_2", 0, 0, {}]]];
      },
      "unsupported: each layer of the model must follow from its inputs, and its outputs must be of its layers; " +
        'received ["dropout_1","activation_1","dense_2"] that do not follow',
    ],
    [
      "an input that takes something",
      (json) => {
        layers(json)[0].inbound_nodes = [[["dense_2", 0, 0, {}]]];
      },
      "invalid_checkpoint: an input of the model must take nothing; received one that does",
    ],
    [
      "an output of no layer",
      (json) => {
        json.modelTopology.config.output_layers = [["dropout_2", 0, 0]];
      },
      "unsupported: each layer of the model must follow from its inputs, and its outputs must be of its layers; " +
        "received [] that do not follow",
    ],
    [
      "no outputs",
      (json) => {
        json.modelTopology.config.output_layers = [];
      },
      "invalid_checkpoint: the inputs and outputs of the model must be lists of its layers; received others",
    ],
    [
      "an input that is a layer",
      (json) => {
        json.modelTopology.config.input_layers = [["dense_1", 0, 0]];
      },
      "invalid_checkpoint: the inputs and outputs of the model must be lists of its layers; received others",
    ],
    [
      "a merge of one value",
      (json) => {
        layers(json)[2].class_name = "Add";
      },
      'invalid_checkpoint: layer "dropout_1" is refused: add must take several values of one shape; received [3]',
    ],
    [
      "dropout that is always on",
      (json) => {
        layers(json)[2].inbound_nodes[0][0][3] = { training: true };
      },
      'unsupported: the inputs of layer "dropout_1" must be results of layers, and its call without arguments; ' +
        'received [[["dense_1",0,0,{"training":true}]]]',
    ],
    [
      "thousands of calls",
      (json) => {
        layers(json)[2].inbound_nodes = Array(1001).fill([["dense_1", 0, 0, {}]]);
      },
      "unsupported: the model must have at most 1000 layers; received 1004",
    ],
  ])("%s", (_, change, message) => {
    const json = functional();
    change(json);
    expect(refusal(() => importTfjs(json, weights))).toBe(message);
  });
});
