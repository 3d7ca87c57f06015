// Folds a large graph: quiet tasks of a level become one node, those that need eyes stay.
import type { Edge, GraphNode } from "../ask";

export const MOST = 200;
const MOST_LOUD = 60;
const LOUD = new Set(["bad", "trouble", "busy"]);

export interface Drawn {
  id: string;
  /** The task; undefined: several, folded. */
  node?: GraphNode;
  label: string;
  tone: string;
}

export interface Folded {
  nodes: Drawn[];
  edges: { before: string; after: string }[];
}

export function fold(nodes: readonly GraphNode[], edges: readonly Edge[]): Folded {
  if (nodes.length <= MOST) {
    return { nodes: nodes.map(single), edges: edges.map(({ before, after }) => ({ before: `t:${before}`, after: `t:${after}` })) };
  }
  const level = levels(nodes, edges);
  const place = new Map<string, string>();
  const drawn: Drawn[] = [];
  const quiet = new Map<number, GraphNode[]>();
  let loud = 0;
  for (const node of nodes) {
    if (LOUD.has(node.state.tone) && loud < MOST_LOUD) {
      loud += 1;
      drawn.push(single(node));
      place.set(node.task, `t:${node.task}`);
    } else {
      const own = level.get(node.task) ?? 0;
      quiet.set(own, [...(quiet.get(own) ?? []), node]);
      place.set(node.task, `l:${own}`);
    }
  }
  for (const [own, tasks] of quiet) {
    drawn.push({ id: `l:${own}`, label: summary(tasks), tone: tone(tasks) });
  }
  const seen = new Map<string, { before: string; after: string }>();
  for (const { before, after } of edges) {
    const pair = { before: place.get(before) ?? "", after: place.get(after) ?? "" };
    if (pair.before !== pair.after) seen.set(`${pair.before}\n${pair.after}`, pair);
  }
  return { nodes: drawn, edges: [...seen.values()] };
}

function single(node: GraphNode): Drawn {
  return { id: `t:${node.task}`, node, label: node.task, tone: node.state.tone };
}

function summary(tasks: readonly GraphNode[]): string {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state.reason, (counts.get(state.reason) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 2);
  return `${tasks.length} tasks: ${most.map(([reason, count]) => `${count} ${reason}`).join(", ")}`;
}

function tone(tasks: readonly GraphNode[]): string {
  const tones = new Set(tasks.map((task) => task.state.tone));
  return ["bad", "trouble", "busy", "waiting", "good", "off"].find((each) => tones.has(each)) ?? "off";
}

/** The longest way to each task. `finally` tasks come last. */
function levels(nodes: readonly GraphNode[], edges: readonly Edge[]): Map<string, number> {
  const after = new Map<string, string[]>();
  const open = new Map(nodes.map((node) => [node.task, 0]));
  for (const edge of edges) {
    after.set(edge.before, [...(after.get(edge.before) ?? []), edge.after]);
    open.set(edge.after, (open.get(edge.after) ?? 0) + 1);
  }
  const level = new Map<string, number>();
  const ready = [...open].filter(([, count]) => count === 0).map(([task]) => task);
  for (const task of ready) level.set(task, 0);
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    for (const next of after.get(task) ?? []) {
      level.set(next, Math.max(level.get(next) ?? 0, (level.get(task) ?? 0) + 1));
      const left = (open.get(next) ?? 1) - 1;
      open.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  const last = Math.max(0, ...level.values()) + 1;
  for (const node of nodes) if (node.last) level.set(node.task, last);
  return level;
}
