// Addresses of the page. Each view has one, so each can be sent to somebody, and "back" goes back.
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

const MOVED = "headrace:moved";

function listen(heard: () => void): () => void {
  window.addEventListener("popstate", heard);
  window.addEventListener(MOVED, heard);
  return () => {
    window.removeEventListener("popstate", heard);
    window.removeEventListener(MOVED, heard);
  };
}

/** The path and query of the page now. */
export function useAddress(): URL {
  return new URL(useSyncExternalStore(listen, () => window.location.href));
}

export function go(to: string, replace = false): void {
  if (replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  window.dispatchEvent(new Event(MOVED));
  if (!replace) window.scrollTo(0, 0);
}

/** An address of the page; each part is data, whatever characters it has. */
export function at(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** Change a part of the query; an empty value removes it. */
export function setQuery(name: string, value: string): void {
  const address = new URL(window.location.href);
  if (value) address.searchParams.set(name, value);
  else address.searchParams.delete(name);
  go(address.pathname + address.search, true);
}

export function Link({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
