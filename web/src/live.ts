// Changes: the server says which objects have changed, and the page asks again for what it shows.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

interface Change {
  kind: string;
  name: string;
  run: string;
}

const AGAIN_MS = 3000;
const GATHER_MS = 400;

/** Follow changes as long as the page is open; false while the server is away. */
export function useLive(): boolean {
  const client = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => follow(client, setConnected), [client]);
  return connected;
}

function follow(client: QueryClient, tell: (connected: boolean) => void): () => void {
  let source: EventSource | undefined;
  let again: number | undefined;
  const stale = gathered(client);
  const open = () => {
    source = new EventSource("/api/changes");
    let lost = false;
    source.onopen = () => {
      tell(true);
      // Without a Last-Event-ID of an earlier stream, nobody knows what has changed meanwhile.
      if (lost || again !== undefined) void client.invalidateQueries();
      lost = false;
      again = undefined;
    };
    source.addEventListener("reset", () => void client.invalidateQueries());
    source.addEventListener("change", (event: MessageEvent<string>) => {
      for (const change of JSON.parse(event.data) as Change[]) stale(keys(change));
    });
    source.onerror = () => {
      tell(false);
      lost = true;
      if (source?.readyState === EventSource.CLOSED) again = window.setTimeout(open, AGAIN_MS);
    };
  };
  open();
  return () => {
    source?.close();
    window.clearTimeout(again);
  };
}

/** The keys of what shows an object. */
function keys({ kind, name, run }: Change): string[][] {
  switch (kind) {
    case "WorkflowRun":
      return [["now"], ["workflows"], ["workflow"], ["runs"], ["grid"], ["days"], ["run", name], ["task", name], ["logs", name]];
    case "TaskRun":
      return [["grid"], ["run", run], ["task", run], ["logs", run]];
    case "Approval":
      return [["now"], ["approvals"], ["run", run], ["task", run]];
    case "Pool":
      return [["pools"]];
    case "Backfill":
      return [["backfills"]];
    default:
      return [["now"], ["workflows"], ["workflow"], ["revisions"], ["ticks"]];
  }
}

/** Ask again at most a few times a second, however busy a run is. */
function gathered(client: QueryClient): (keys: string[][]) => void {
  const waiting = new Map<string, string[]>();
  let timer: number | undefined;
  return (more) => {
    for (const key of more) waiting.set(key.join("\n"), key);
    timer ??= window.setTimeout(() => {
      timer = undefined;
      for (const key of waiting.values()) void client.invalidateQueries({ queryKey: key });
      waiting.clear();
    }, GATHER_MS);
  };
}
