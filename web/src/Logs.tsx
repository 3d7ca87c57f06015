// The last lines of logs: follow, search, save. All is text.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";

import { type LogLine, logLines, path } from "./ask";

const ROW = 20;
const LAST = 2000;
const FOLLOW_MS = 2000;

export function Logs({ run, task = "", attempt = 0, over }: { run: string; task?: string; attempt?: number; over: boolean }) {
  const [wanted, setWanted] = useState("");
  const [follow, setFollow] = useState(!over);
  const [all, setAll] = useState(false);
  const asked = new URLSearchParams();
  if (task) asked.set("task", task);
  if (attempt) asked.set("attempt", String(attempt));
  const frame = useRef<HTMLDivElement>(null);
  const { data, error } = useQuery({
    queryKey: ["logs", run, task, String(attempt), String(all)],
    queryFn: () => logLines(`${path("runs", run, "logs")}?${asked}&tail=${all ? 1_000_000 : LAST}`),
    placeholderData: keepPreviousData,
    refetchInterval: follow && !over ? FOLLOW_MS : false,
  });
  const lines = (data ?? []).filter((line) => !wanted || line.text.includes(wanted));
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 30,
  });
  useEffect(() => {
    if (follow && lines.length > 0) rows.scrollToIndex(lines.length - 1);
  }, [follow, lines.length]);
  return (
    <section aria-label="Logs" className="logs">
      <div className="bar-of-tools">
        <label>
          Search the log <input type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} />
        </label>
        <label>
          <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} /> Follow
        </label>
        <label>
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> More than the last {LAST} lines
        </label>
        <a href={`${path("runs", run, "logs.txt")}?${asked}`} download={`${run}${task && `.${task}`}.log`}>
          Save
        </a>
      </div>
      {error && (
        <p role="alert" className="problem">
          {error.message}
        </p>
      )}
      {lines.length === 0 ? (
        <p className="quiet">{data === undefined ? "Loading…" : wanted ? "No line has it." : "There are no logs."}</p>
      ) : (
        <div className="lines" ref={frame} tabIndex={0} role="log" aria-label="Lines" aria-live="off">
          <div style={{ height: rows.getTotalSize(), position: "relative", minWidth: "max-content" }}>
            {rows.getVirtualItems().map(({ index, start }) => (
              <Line key={index} line={lines[index]} labelled={!task} top={start} />
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

function Line({ line, labelled, top }: { line: LogLine | undefined; labelled: boolean; top: number }) {
  if (line === undefined) return null;
  const item = line.item === null ? "" : `[${line.item}]`;
  const label = labelled || item ? `${line.task}${item}${line.attempt > 1 ? `#${line.attempt}` : ""} | ` : "";
  return (
    <div className="line" style={{ position: "absolute", top }} title={line.time}>
      {label && <span className="label">{label}</span>}
      {line.text}
    </div>
  );
}
