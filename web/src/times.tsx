// Ages, durations and instants, as the command line writes them; they grow while the page is open.
import { useSyncExternalStore } from "react";

let now = Date.now();

function listen(heard: () => void): () => void {
  const timer = window.setInterval(() => {
    now = Date.now();
    heard();
  }, 1000);
  return () => window.clearInterval(timer);
}

/** The time, which goes on each second. */
export function useNow(): number {
  return useSyncExternalStore(listen, () => now);
}

/** Write a length of time: `41s`, `3m20s`, `2h5m`, `3d4h`. */
export function length(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return milliseconds < 10_000 ? `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s` : `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

export function Duration({ begin, end }: { begin: string; end: string }) {
  const current = useNow();
  if (!begin) return null;
  return <>{length((end ? Date.parse(end) : current) - Date.parse(begin))}</>;
}

/** How long ago, or how long until, an instant is; the instant itself as a title. */
export function Ago({ time }: { time: string }) {
  const current = useNow();
  if (!time) return null;
  const passed = current - Date.parse(time);
  const words = passed >= 0 ? `${length(passed)} ago` : `in ${length(-passed)}`;
  return (
    <time dateTime={time} title={time}>
      {words}
    </time>
  );
}
