// Parts that several views share: states, tables, failures, explanations.
import { type UseQueryResult, keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";

import { type Answers, type Sentence, type State, get } from "./ask";

/** Ask for something; what was there stays until the answer is. */
export function useAnswer<K extends keyof Answers>(key: [K, ...string[]], address: string) {
  return useQuery({
    queryKey: key,
    queryFn: () => get<K>(address),
    placeholderData: keepPreviousData,
  });
}

/** What an answer shows, or why there is none. */
export function Shown<T>({ of, children }: { of: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  return (
    <>
      {of.error && (
        <p role="alert" className="problem">
          {of.error.message}
        </p>
      )}
      {of.data !== undefined ? children(of.data) : !of.error && <p className="quiet">Loading…</p>}
    </>
  );
}

export const SIGNS: Record<string, string> = {
  waiting: "○",
  busy: "◐",
  trouble: "▲",
  good: "✓",
  bad: "✕",
  off: "–",
};

/** A state as a sign, a colour and a word. Colour is never alone. */
export function StateMark({ state }: { state: Pick<State, "reason" | "tone"> }) {
  return (
    <span className={`state ${state.tone}`}>
      <span aria-hidden="true">{SIGNS[state.tone] ?? "·"}</span> {state.reason}
    </span>
  );
}

export function Title({ children, extra }: { children: string; extra?: ReactNode }) {
  useEffect(() => {
    document.title = `${children} · Headrace`;
  }, [children]);
  return (
    <div className="title">
      <h1>{children}</h1>
      {extra}
    </div>
  );
}

export function Sentences({ of }: { of: readonly Sentence[] }) {
  if (of.length === 0) return null;
  return (
    <section aria-label="Explanation" className="sentences">
      <ul>
        {of.map((each, place) => (
          <li key={place}>
            <strong>{each.about}</strong>: {each.reason}
            {each.message && `: ${each.message}`}
            {each.cure && <span className="cure"> → {each.cure}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Facts({ of }: { of: readonly { title: string; words: string }[] }) {
  return (
    <dl className="facts">
      {of.map((fact) => (
        <div key={fact.title}>
          <dt>{fact.title}</dt>
          <dd>{fact.words}</dd>
        </div>
      ))}
    </dl>
  );
}

export interface Column<T> {
  title: string;
  cell: (item: T) => ReactNode;
  /** The share of the width, as in CSS grids. */
  width: string;
  /** Left out on a phone. */
  wide?: boolean;
}

const ROW = 36;
const FEW = 100;

/** A table whose rows exist only where they can be seen, so that it may have ten thousand. */
export function Table<T>({
  label,
  items,
  columns,
  name,
}: {
  label: string;
  items: readonly T[];
  columns: readonly Column<T>[];
  name: (item: T) => string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const many = items.length > FEW;
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 20,
    enabled: many,
  });
  if (items.length === 0) return <p className="quiet">There is nothing.</p>;
  const all = columns.map((column) => column.width).join(" ");
  const narrow = columns.filter((column) => !column.wide).map((column) => column.width).join(" ");
  const widths = { "--all": all, "--narrow": narrow } as React.CSSProperties;
  const row = (place: number, top?: number) => {
    const item = items[place];
    if (item === undefined) return null;
    const style = top === undefined ? {} : { position: "absolute" as const, top, left: 0, right: 0 };
    return (
      <div role="row" aria-rowindex={place + 2} className="row" key={name(item)} style={style}>
        {columns.map((column) => (
          <div role="cell" key={column.title} className={column.wide ? "wide" : ""}>
            {column.cell(item)}
          </div>
        ))}
      </div>
    );
  };
  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={items.length + 1}
      className="table"
      style={widths}
      onKeyDown={arrows}
    >
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className="row head">
          {columns.map((column) => (
            <div role="columnheader" key={column.title} className={column.wide ? "wide" : ""}>
              {column.title}
            </div>
          ))}
        </div>
      </div>
      {many ? (
        <div role="rowgroup" className="scrolling" ref={frame} tabIndex={0} aria-label={`${label}: rows`}>
          <div role="presentation" style={{ height: rows.getTotalSize(), position: "relative" }}>
            {rows.getVirtualItems().map((each) => row(each.index, each.start))}
          </div>
        </div>
      ) : (
        <div role="rowgroup">{items.map((_, place) => row(place))}</div>
      )}
    </div>
  );
}

/** Arrows go from row to row, from link to link. */
function arrows(event: KeyboardEvent<HTMLDivElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>(".row:not(.head)")]
    .map((row) => row.querySelector<HTMLElement>("a"))
    .filter((link) => link !== null);
  const place = links.findIndex((link) => link === document.activeElement);
  const next = links[place === -1 ? 0 : place + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}

/** Tabs that are addresses. */
export function Tabs({ tabs, chosen, choose }: { tabs: string[]; chosen: string; choose: (tab: string) => void }) {
  return (
    <div role="tablist" className="tabs">
      {tabs.map((tab) => (
        <button key={tab} type="button" role="tab" aria-selected={tab === chosen} onClick={() => choose(tab)}>
          {tab}
        </button>
      ))}
    </div>
  );
}
