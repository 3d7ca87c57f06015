// Places the nodes of a graph, beside the page: a large graph takes some time.
import { Graph, layout } from "@dagrejs/dagre";

export interface Asked {
  nodes: { id: string; width: number; height: number }[];
  edges: { before: string; after: string }[];
}
export type Placed = Record<string, { x: number; y: number }>;

self.onmessage = (message: MessageEvent<Asked>) => {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 48, ranker: "longest-path" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of message.data.nodes) graph.setNode(id, { width, height });
  for (const { before, after } of message.data.edges) graph.setEdge(before, after);
  layout(graph);
  const placed: Placed = {};
  for (const { id, width, height } of message.data.nodes) {
    const { x, y } = graph.node(id) as { x: number; y: number };
    placed[id] = { x: x - width / 2, y: y - height / 2 };
  }
  self.postMessage(placed);
};
