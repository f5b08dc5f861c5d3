/** Recurrent layers. */
export { type BidirectionalOptions, bidirectional } from "./bidirectional.js";
export { type ConvLstm2dOptions, convLstm2d } from "./convLstm2d.js";
export { type GRUOptions, gru } from "./gru.js";
export { type LSTMOptions, lstm } from "./lstm.js";
export type { GatedOptions, RecurrentOptions } from "./recurrentLayer.js";
export { simpleRNN } from "./simpleRNN.js";
