// Runs × tasks: each cell is a task of a run, each column begins with how long the run took.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";

import { type Grid, path } from "../ask";
import { SIGNS, Shown, useAnswer } from "../parts";
import { Link, at } from "../router";
import { length, useNow } from "../times";

const CELL = 24;
const HEAD = 64;
const NAMES = 176;
const MORE = 200;
const USUAL = 100;

export function GridTab({ workflow }: { workflow: string }) {
  const [most, setMost] = useState(USUAL);
  const grid = useAnswer(["grid", workflow, String(most)], `${path("workflows", workflow, "grid")}?runs=${most}`);
  return (
    <Shown of={grid}>
      {(data) => (
        <>
          <Words grid={data} />
          <Cells grid={data} />
          {data.more && most < MORE && (
            <button type="button" onClick={() => setMost(MORE)}>
              Show {MORE} runs
            </button>
          )}
          {data.more && most === MORE && <p className="quiet">There are older runs; the tab Runs lists them.</p>}
        </>
      )}
    </Shown>
  );
}

function Words({ grid }: { grid: Grid }) {
  const tones = new Map(grid.states.map((state) => [state.tone, state.reason]));
  return (
    <p className="legend">
      {grid.usual && (
        <>
          A run usually takes {seconds(grid.usual.middle)}; eight of ten take {seconds(grid.usual.low)} to {seconds(grid.usual.high)}.{" "}
        </>
      )}
      {[...tones].map(([tone, reason]) => (
        <span key={tone}>
          <span className={`cell ${tone}`} aria-hidden="true">
            {SIGNS[tone] ?? "·"}
          </span>{" "}
          {reason}{" "}
        </span>
      ))}
    </p>
  );
}

function Cells({ grid }: { grid: Grid }) {
  const now = useNow();
  const frame = useRef<HTMLDivElement>(null);
  const [focus, setFocus] = useState<[number, number]>([0, Math.max(0, grid.runs.length - 1)]);
  const moved = useRef(false);
  const rows = useVirtualizer({
    count: grid.tasks.length,
    getScrollElement: () => frame.current,
    estimateSize: () => CELL,
    overscan: 6,
    scrollPaddingStart: HEAD,
    paddingStart: HEAD,
  });
  const columns = useVirtualizer({
    horizontal: true,
    count: grid.runs.length,
    getScrollElement: () => frame.current,
    estimateSize: () => CELL,
    overscan: 6,
    scrollPaddingStart: NAMES,
    paddingStart: NAMES,
  });
  useEffect(() => {
    if (grid.runs.length > 0) columns.scrollToIndex(grid.runs.length - 1); // The newest runs matter most.
  }, [grid.runs.length]);
  useEffect(() => {
    if (!moved.current) return;
    rows.scrollToIndex(focus[0]);
    columns.scrollToIndex(focus[1]);
    const wanted = `[data-place="${focus[0]}-${focus[1]}"]`;
    // The cell exists once the table has scrolled there.
    const timer = window.requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(wanted)?.focus());
    return () => window.cancelAnimationFrame(timer);
  }, [focus]);
  if (grid.runs.length === 0) return <p className="quiet">There are no runs.</p>;

  const took = grid.runs.map((run) => (run.started ? (run.completed ? Date.parse(run.completed) : now) - Date.parse(run.started) : 0));
  const longest = Math.max(1, ...took);
  const slow = grid.usual ? grid.usual.high * 1000 : Infinity;
  const step = (event: KeyboardEvent) => {
    const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    moved.current = true;
    setFocus(([row, column]) => [within(row + (down ?? 0), grid.tasks.length), within(column + (right ?? 0), grid.runs.length)]);
  };
  return (
    <div className="grid-frame" ref={frame}>
      <div
        role="grid"
        aria-label="Runs and tasks"
        aria-rowcount={grid.tasks.length + 1}
        aria-colcount={grid.runs.length + 1}
        onKeyDown={step}
        style={{ position: "relative", height: rows.getTotalSize(), width: columns.getTotalSize() }}
      >
        <div role="row" aria-rowindex={1} className="grid-head" style={{ height: HEAD }}>
          <div role="columnheader" aria-colindex={1} className="grid-name" style={{ width: NAMES }}>
            Task
          </div>
          {columns.getVirtualItems().map(({ index, start }) => {
            const run = grid.runs[index];
            if (run === undefined) return null;
            const words = `${run.name}: ${run.state.reason}, ${length(took[index] ?? 0)}${(took[index] ?? 0) > slow ? ", slower than usual" : ""}`;
            return (
              <div role="columnheader" aria-colindex={index + 2} key={run.name} className="grid-run" style={{ left: start, width: CELL, height: HEAD }}>
                <Link href={at("runs", run.name)} title={words} aria-label={words} className={`mini ${run.state.tone}`}>
                  <span style={{ height: `${Math.max(4, (100 * (took[index] ?? 0)) / longest)}%` }} />
                </Link>
              </div>
            );
          })}
        </div>
        {rows.getVirtualItems().map((row) => {
          const task = grid.tasks[row.index] ?? "";
          return (
            <div role="row" aria-rowindex={row.index + 2} key={task} className="grid-row" style={{ top: row.start, height: CELL }}>
              <div role="rowheader" aria-colindex={1} className="grid-name" style={{ width: NAMES }} title={task}>
                {task}
              </div>
              {columns.getVirtualItems().map(({ index, start }) => {
                const run = grid.runs[index];
                const state = grid.states[grid.cells[index]?.[row.index] ?? -1];
                const chosen = focus[0] === row.index && focus[1] === index;
                const common = { "data-place": `${row.index}-${index}`, tabIndex: chosen ? 0 : -1 };
                if (run === undefined) return null;
                return (
                  <div role="gridcell" aria-colindex={index + 2} key={run.name} className="grid-cell" style={{ left: start, width: CELL, height: CELL }}>
                    {state ? (
                      <Link
                        {...common}
                        href={at("runs", run.name, "tasks", task)}
                        className={`cell ${state.tone}`}
                        title={`${task} of ${run.name}: ${state.reason}`}
                        aria-label={`${task} of ${run.name}: ${state.reason}`}
                      >
                        {SIGNS[state.tone] ?? "·"}
                      </Link>
                    ) : (
                      <span {...common} />
                    )}
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function within(place: number, count: number): number {
  return Math.min(Math.max(0, place), count - 1);
}

function seconds(of: number): string {
  return length(of * 1000);
}
