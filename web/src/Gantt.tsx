// Each attempt as a bar over time: waiting for a node, pulling the image, running.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";

import type { Bar } from "./ask";
import { Link } from "./router";
import { length, useNow } from "./times";

const ROW = 28;

export function Gantt({ bars, href }: { bars: readonly Bar[]; href: (task: string) => string }) {
  const now = useNow();
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: bars.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 10,
  });
  if (bars.length === 0) return <p className="quiet">Nothing has started.</p>;
  const begins = bars.flatMap((bar) => bar.phases.map((phase) => Date.parse(phase.begin)));
  const ends = bars.flatMap((bar) => bar.phases.map((phase) => (phase.end ? Date.parse(phase.end) : now)));
  const first = begins.reduce((a, b) => Math.min(a, b), Infinity);
  const span = Math.max(1, ends.reduce((a, b) => Math.max(a, b), 0) - first);
  const share = (from: number) => `${(100 * from) / span}%`;
  return (
    <section aria-label="Gantt chart">
      <p className="legend">
        <span className="phase waiting" aria-hidden="true" /> waiting for a node
        <span className="phase pulling" aria-hidden="true" /> pulling the image
        <span className="phase running" aria-hidden="true" /> running · {length(span)} in all
      </p>
      <div className="gantt" ref={frame} tabIndex={0} role="region" aria-label="Bars">
        <ul style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const bar = bars[index];
            if (bar === undefined) return null;
            return (
              <li key={`${bar.task}\n${bar.attempt}`} style={{ position: "absolute", top: start, left: 0, right: 0 }}>
                <Link href={href(bar.task)} title={bar.task}>
                  {bar.task}
                  {bar.attempt > 1 && ` #${bar.attempt}`}
                </Link>
                <div className={`bar ${bar.tone}`}>
                  {bar.phases.map((phase) => {
                    const begin = Date.parse(phase.begin);
                    const took = (phase.end ? Date.parse(phase.end) : now) - begin;
                    const words = `${phase.phase} ${length(took)}`;
                    return (
                      <span
                        key={phase.phase}
                        className={`phase ${phase.phase}`}
                        title={words}
                        role="img"
                        aria-label={words}
                        style={{ left: share(begin - first), width: share(took) }}
                      />
                    );
                  })}
                </div>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
