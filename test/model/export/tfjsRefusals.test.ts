/** Layers models that Fettle has no network for, each refused with its reason. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { exported, type Parsed, tableOf } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

describe("importTfjs refuses", () => {
  const layers = (json: Parsed) => json.modelTopology.config.layers;
  const entries = (json: Parsed) => json.weightsManifest[0].weights;
  const foreign = "invalid_checkpoint: this is not a layers model: ";
  const { "weights.bin": weights } = exported();
  const columns = tableOf().pipeline.features.length;
  const known =
    "one of Dense, Dropout, GaussianDropout, AlphaDropout, " +
    "Activation, ReLU, LeakyReLU, ELU, PReLU, Softmax, Conv1D, Conv2D, Conv3D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D, MaxPooling1D, " +
    "MaxPooling2D, MaxPooling3D, AveragePooling1D, AveragePooling2D, AveragePooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalAveragePooling1D, " +
    "GlobalAveragePooling2D, Flatten, Reshape, Permute, RepeatVector, UpSampling2D, ZeroPadding2D, Cropping2D, Embedding, Masking, " +
    "SimpleRNN, LSTM, ConvLSTM2D, GRU, Bidirectional, TimeDistributed, BatchNormalization, LayerNormalization, SpatialDropout1D, " +
    "GaussianNoise, Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot, Resizing, Rescaling, Conv1DTranspose, " +
    "GroupNormalization, RMSNormalization, MultiHeadAttention, GlobalMaxPooling3D, GlobalAveragePooling3D, UpSampling1D, ZeroPadding1D, " +
    "Cropping1D, SpatialDropout2D, RandomFlip, RandomRotation, RandomZoom, RandomTranslation";

  it.each<[string, (json: Parsed) => unknown, string | RegExp]>([
    ["what is not an object", () => [], `${foreign}model.json must be a JSON object`],
    ["text that is not JSON", () => "{", `${foreign}model.json must be a JSON object`],
    [
      "a value with a cycle",
      (json) => {
        json.itself = json;
      },
      `${foreign}model.json must be a JSON object`,
    ],
    [
      "a graph model",
      (json) => {
        json.format = "graph-model";
      },
      'unsupported: the format of model.json must be "layers-model"; received "graph-model"',
    ],
    [
      "a file without a topology",
      (json) => {
        json.modelTopology = null;
      },
      `${foreign}it has no topology`,
    ],
    [
      "a model of another class",
      (json) => {
        json.modelTopology.class_name = "Wide";
      },
      'unsupported: the class of the model must be Sequential or Functional; received "Wide"',
    ],
    [
      "a model without a class",
      (json) => {
        json.modelTopology.class_name = null;
      },
      "invalid_checkpoint: the class of the model must be Sequential or Functional; received undefined",
    ],
    [
      "a model without layers",
      (json) => {
        json.modelTopology.config.layers = [];
      },
      `${foreign}its topology has no layers`,
    ],
    [
      "a layer without a name",
      (json) => {
        layers(json)[1].config.name = 1;
      },
      `${foreign}each layer must have a class and a name`,
    ],
    [
      "two layers of one name",
      (json) => {
        layers(json)[1].config.name = "dense_1";
      },
      `${foreign}two layers have the name "dense_1"`,
    ],
    [
      "other layers",
      (json) => {
        layers(json)[1].class_name = "Conv3DTranspose";
      },
      `unsupported: layer "dropout_1" must be ${known}; received "Conv3DTranspose"`,
    ],
    [
      "a model within it without layers",
      (json) => {
        layers(json)[1].class_name = "Sequential";
      },
      `${foreign}its topology has no layers`,
    ],
    [
      "a second input",
      (json) => {
        layers(json)[1].class_name = "InputLayer";
      },
      `unsupported: layer "dropout_1" must be ${known}; received "InputLayer"`,
    ],
    [
      "inputs of a length that varies",
      (json) => {
        layers(json)[0].config.batch_input_shape = [null, null, 28];
      },
      'unsupported: the input shape of layer "dense_1" must be [null, ...the shape of a row]; received [null,null,28]',
    ],
    [
      "inputs that do not fit the weights",
      (json) => {
        layers(json)[0].config.batch_input_shape = [null, 28, 28];
      },
      `invalid_checkpoint: the shape of weight "dense_1/kernel" must be [28,3]; received [${columns},3]`,
    ],
    [
      "inputs that no memory holds",
      (json) => {
        layers(json)[0].config.batch_input_shape = [null, 2 ** 40, columns];
      },
      /^invalid_checkpoint: a row of the result of layer "dense_1" must have at most 8 axes and 536870912 numbers; /,
    ],
    [
      "a model without the shape of its inputs",
      (json) => {
        layers(json)[0].config.batch_input_shape = null;
      },
      'invalid_checkpoint: the input shape of layer "dense_1" must be [null, ...the shape of a row]; received undefined',
    ],
    [
      "half precision",
      (json) => {
        layers(json)[0].config.dtype = "float16";
      },
      'unsupported: dtype of layer "dense_1" must be "float32"; received "float16"',
    ],
    [
      "layers that may be frozen",
      (json) => {
        layers(json)[0].config.trainable = 1;
      },
      'invalid_checkpoint: trainable of layer "dense_1" must be true or false; received 1',
    ],
    [
      "constraints",
      (json) => {
        layers(json)[0].config.kernel_constraint = { class_name: "NonNeg", config: {} };
      },
      'unsupported: kernel_constraint of layer "dense_1" must be left out; received {"class_name":"NonNeg","config":{}}',
    ],
    [
      "other activations",
      (json) => {
        layers(json)[0].config.activation = "squareplus";
      },
      'unsupported: the activation of layer "dense_1" must be one of linear, relu, tanh, sigmoid, softmax, softplus, gelu, elu, hard_sigmoid, ' +
        "log_softmax, mish, relu6, selu, swish, softsign, gelu_new, silu, leaky_relu, celu, hard_silu, hard_tanh, " +
        'log_sigmoid, exponential; received "squareplus"',
    ],
    [
      "hard_sigmoid of weights that have penalties",
      (json) => {
        layers(json)[0].config.activation = "hard_sigmoid";
      },
      'unsupported: layer "dense_1" must be like one of Fettle\'s; hard_sigmoid has another slope in Keras 2, so penalties would be ' +
        "of other weights",
    ],
    [
      "hard_sigmoid after a layer",
      (json) => {
        layers(json)[2].config.activation = "hard_sigmoid";
      },
      'unsupported: layer "activation_1" must be like one of Fettle\'s; hard_sigmoid has another slope in Keras 2, and no weights of ' +
        "Activation make up for it",
    ],
    [
      "units that are not a number",
      (json) => {
        layers(json)[0].config.units = "3";
      },
      'invalid_checkpoint: units of layer "dense_1" must be a positive integer; received "3"',
    ],
    [
      "a bias that may be",
      (json) => {
        layers(json)[0].config.use_bias = 1;
      },
      'invalid_checkpoint: use_bias of layer "dense_1" must be true or false; received 1',
    ],
    [
      "other penalties",
      (json) => {
        layers(json)[0].config.kernel_regularizer = { class_name: "Orthogonal", config: {} };
      },
      'unsupported: kernel_regularizer of layer "dense_1" must be L1, L2 or L1L2; received "Orthogonal"',
    ],
    [
      "a penalty that is not an object",
      (json) => {
        layers(json)[0].config.bias_regularizer = "l2";
      },
      'unsupported: bias_regularizer of layer "dense_1" must be L1, L2 or L1L2; received "l2"',
    ],
    [
      "a penalty without its weight",
      (json) => {
        layers(json)[0].config.kernel_regularizer = { class_name: "L2", config: { l1: 0.5 } };
      },
      'invalid_checkpoint: l2 of kernel_regularizer of layer "dense_1" must be a number of at least 0; received undefined',
    ],
    [
      "a rate of 1",
      (json) => {
        layers(json)[1].config.rate = 1;
      },
      'invalid_checkpoint: rate of layer "dropout_1" must be a number in [0, 1); received 1',
    ],
    [
      "dropout of whole columns",
      (json) => {
        layers(json)[1].config.noise_shape = [1, 3];
      },
      'unsupported: noise_shape of layer "dropout_1" must be left out; received [1,3]',
    ],
    [
      "a leaky ReLU",
      (json) => {
        layers(json)[2] = { class_name: "ReLU", config: { name: "r", max_value: null, negative_slope: 0.1 } };
      },
      'unsupported: negative_slope of layer "r" must be 0; received 0.1',
    ],
    [
      "a ReLU with an upper bound",
      (json) => {
        layers(json)[2] = { className: "ReLU", config: { name: "r", maxValue: 5 } };
      },
      'unsupported: max_value of layer "r" must be left out, or 6; received 5',
    ],
    [
      "a softmax over rows",
      (json) => {
        layers(json)[2] = { class_name: "Softmax", config: { name: "s", axis: [0] } };
      },
      'unsupported: axis of layer "s" must be 1 or -1; received [0]',
    ],
    [
      "a model without weights",
      (json) => {
        json.modelTopology.config.layers = [{ ...layers(json)[1] }];
        layers(json)[0].config.batch_input_shape = [null, 4];
      },
      "unsupported: the model must have a layer with weights; received none",
    ],
    [
      "a file without a manifest",
      (json) => {
        json.weightsManifest = null;
      },
      `${foreign}it has no manifest of weights`,
    ],
    [
      "a manifest without weights",
      (json) => {
        json.weightsManifest[0] = {};
      },
      `${foreign}its manifest must have a list of weights`,
    ],
    [
      "two weights of one name",
      (json) => {
        entries(json)[1].name = "dense_1/kernel";
      },
      `${foreign}weight "dense_1/kernel" must have a unique name, and a shape`,
    ],
    [
      "weights of a negative size",
      (json) => {
        entries(json)[0].shape = [-1, -3];
      },
      `${foreign}weight "dense_1/kernel" must have a unique name, and a shape`,
    ],
    [
      "quantized weights",
      (json) => {
        entries(json)[0].quantization = { dtype: "uint8", scale: 1, min: 0 };
      },
      'unsupported: weight "dense_1/kernel" must be unquantized; received {"dtype":"uint8","scale":1,"min":0}',
    ],
    [
      "weights of another type",
      (json) => {
        entries(json)[0].dtype = "int32";
      },
      'unsupported: the dtype of weight "dense_1/kernel" must be "float32"; received "int32"',
    ],
    [
      "weights larger than their file",
      (json) => {
        entries(json)[0].shape = [2 ** 50, 2 ** 50];
      },
      `${foreign}its weights are truncated within "dense_1/kernel", at ${weights.length} bytes`,
    ],
    [
      "files that are longer than the manifest says",
      (json) => {
        entries(json).pop();
      },
      `${foreign}its weights must be ${weights.length - 12} bytes; received Uint8Array(${weights.length})`,
    ],
    [
      "weights of another shape",
      (json) => {
        entries(json)[2].shape = [1, 3];
      },
      'invalid_checkpoint: the shape of weight "dense_2/kernel" must be [3,1]; received [1,3]',
    ],
    [
      "weights of another name",
      (json) => {
        entries(json)[2].name = "dense_2/vars/0";
      },
      'invalid_checkpoint: the shape of weight "dense_2/kernel" must be [3,1]; received undefined',
    ],
    [
      "weights of no layer",
      (json) => {
        layers(json)[0].config.use_bias = false;
      },
      `${foreign}none of its layers has the weights ["dense_1/bias"]`,
    ],
  ])("%s", (_, change, message) => {
    const json = JSON.parse(exported()["model.json"]);
    const given = change(json) ?? json;
    const found = refusal(() => importTfjs(given, weights));
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
  });

  it("weights that are not bytes", () => {
    const { "model.json": json } = exported();
    expect(refusal(() => importTfjs(json, new Float32Array(4) as unknown as Uint8Array))).toBe(
      `${foreign}its weights must be a Uint8Array; pass the bytes of the file`,
    );
  });

  it("JSON that is too deep to show", () => {
    const json = exported()["model.json"];
    const deep = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
    expect(refusal(() => importTfjs(json.replace('"layers-model"', deep), weights))).toMatch(
      /^(invalid_checkpoint|unsupported): /,
    );
  });
});
