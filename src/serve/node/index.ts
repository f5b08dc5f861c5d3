/** Servers of studies and models on Node, exported as `fettle/serve/node`. The package does not import it. */
export { nodeHandler } from "./handler.js";
export type { NodeRequest, NodeResponse, NodeSocket } from "./host.js";
export type { NodeHandlerOptions, NodeServerOptions, RequestHandler } from "./options.js";
export { type NodeServer, serveNode } from "./server.js";
