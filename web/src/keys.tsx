// The keyboard: `/` searches, `g` and a letter goes somewhere, `?` says so.
import { useEffect, useRef } from "react";

import { go } from "./router";

export const PLACES: [string, string, string][] = [
  ["n", "Now", "/"],
  ["w", "Workflows", "/workflows"],
  ["r", "Runs", "/runs"],
  ["a", "Approvals", "/approvals"],
  ["p", "Pools", "/pools"],
  ["b", "Backfills", "/backfills"],
];
const TOGETHER_MS = 1500;

export function Keys() {
  const help = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    let going = 0;
    const pressed = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") {
        const field = document.querySelector<HTMLInputElement>("input[type=search]");
        if (field) {
          event.preventDefault();
          field.focus();
        }
      } else if (event.key === "?") help.current?.showModal();
      else if (event.key === "g") going = Date.now();
      else if (Date.now() - going < TOGETHER_MS) {
        const place = PLACES.find(([key]) => key === event.key);
        if (place) go(place[2]);
        going = 0;
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return (
    <dialog ref={help} aria-label="Keyboard">
      <h2>Keyboard</h2>
      <dl className="facts">
        <div>
          <dt>/</dt>
          <dd>search</dd>
        </div>
        <div>
          <dt>↑ ↓</dt>
          <dd>from row to row of a table</dd>
        </div>
        {PLACES.map(([key, title]) => (
          <div key={key}>
            <dt>g {key}</dt>
            <dd>{title}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
