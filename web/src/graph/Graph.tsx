// The graph of a run or workflow. A worker places the nodes; states change without a new layout.
import "@xyflow/react/dist/base.css";
import { Background, Controls, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useState } from "react";

import type { Edge, GraphNode } from "../ask";
import { StateMark } from "../parts";
import { Link } from "../router";
import { type Drawn, fold } from "./fold";
import type { Placed } from "./layout.worker";

const WIDTH = 200;
const HEIGHT = 48;
type Data = Node<{ drawn: Drawn; href: string }, "task">;

function TaskNode({ data }: NodeProps<Data>) {
  const { drawn, href } = data;
  return (
    <div className={`node ${drawn.tone}`} title={drawn.label}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      {href ? <Link href={href}>{drawn.label}</Link> : <span>{drawn.label}</span>}
      {drawn.node && (
        <small>
          {drawn.node.kind !== "program" && `${drawn.node.kind} · `}
          <StateMark state={drawn.node.state} />
        </small>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

const KINDS = { task: TaskNode };

export default function Graph({
  nodes,
  edges,
  href,
}: {
  nodes: readonly GraphNode[];
  edges: readonly Edge[];
  href: (task: string) => string;
}) {
  const folded = useMemo(() => fold(nodes, edges), [nodes, edges]);
  const shape = JSON.stringify([folded.nodes.map((node) => node.id), folded.edges]);
  const placed = usePlaces(shape);
  const drawn: Data[] = folded.nodes
    .filter((node) => placed?.[node.id])
    .map((node) => ({
      id: node.id,
      type: "task",
      position: placed?.[node.id] ?? { x: 0, y: 0 },
      width: WIDTH,
      height: HEIGHT,
      data: { drawn: node, href: node.node ? href(node.node.task) : "" },
    }));
  if (placed === undefined) return <p className="quiet">Drawing…</p>;
  return (
    <section className="graph" aria-label="Graph">
      <ReactFlow
        nodes={drawn}
        edges={folded.edges.map(({ before, after }) => ({ id: `${before}\n${after}`, source: before, target: after }))}
        nodeTypes={KINDS}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        onlyRenderVisibleElements={drawn.length > 100}
        minZoom={0.1}
        fitView
        proOptions={{ hideAttribution: true }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

/** Where nodes are; undefined until the worker has answered once. */
function usePlaces(shape: string): Placed | undefined {
  const [placed, setPlaced] = useState<Placed>();
  useEffect(() => {
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (message: MessageEvent<Placed>) => setPlaced(message.data);
    const [ids, edges] = JSON.parse(shape) as [string[], { before: string; after: string }[]];
    worker.postMessage({ nodes: ids.map((id) => ({ id, width: WIDTH, height: HEIGHT })), edges });
    return () => worker.terminate();
  }, [shape]);
  return placed;
}
