// The page: what is shown is what its address says.
import "./styles.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Refusal } from "./ask";
import { Keys, PLACES } from "./keys";
import { useLive } from "./live";
import { Title, useAnswer } from "./parts";
import { Now } from "./pages/Now";
import { Approvals, Backfills, Pools } from "./pages/Others";
import { Run } from "./pages/Run";
import { Runs } from "./pages/Runs";
import { Task } from "./pages/Task";
import { Workflow } from "./pages/Workflow";
import { Workflows } from "./pages/Workflows";
import { Link, useAddress } from "./router";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => count < 2 && error instanceof Refusal && (error.status === 0 || error.status === 503),
    },
  },
});

function View() {
  const [, first = "", second = "", third = "", fourth = ""] = useAddress().pathname.split("/").map(decoded);
  if (first === "") return <Now />;
  if (first === "workflows") return second ? <Workflow key={second} name={second} /> : <Workflows />;
  if (first === "runs" && third === "tasks") return <Task key={`${second}\n${fourth}`} run={second} task={fourth} />;
  if (first === "runs") return second ? <Run key={second} name={second} /> : <Runs />;
  if (first === "pools") return <Pools />;
  if (first === "backfills") return <Backfills />;
  if (first === "approvals") return <Approvals />;
  return (
    <>
      <Title>Nothing is here</Title>
      <p>
        No page has this address. <Link href="/">Begin at Now</Link>
      </p>
    </>
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function Page() {
  const connected = useLive();
  const here = useAddress().pathname;
  const place = useAnswer(["place"], "/api/place").data;
  return (
    <>
      <a className="skip" href="#content">
        To the content
      </a>
      <header>
        <nav aria-label="Pages">
          {PLACES.map(([, title, href]) => (
            <Link key={href} href={href} aria-current={here === href ? "page" : undefined}>
              {title}
            </Link>
          ))}
        </nav>
        {place && (
          <span className="place" title={place.title}>
            {place.title}
            {place.namespace && ` / ${place.namespace}`}
          </span>
        )}
      </header>
      {!connected && (
        <p role="status" className="problem">
          No news: headrace ui does not answer. What you see may be old; the page tries again.
        </p>
      )}
      <main id="content">
        <View />
      </main>
      <Keys />
    </>
  );
}

const root = document.getElementById("page");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Page />
      </QueryClientProvider>
    </StrictMode>,
  );
}
