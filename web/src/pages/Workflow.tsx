// One workflow: its runs, its graph, its definition; run it now, switch its triggers off.
import { Suspense, lazy } from "react";

import { Action } from "../actions";
import { type Answers, type Param, type Run, path } from "../ask";
import { Calendar } from "../history/Calendar";
import { Changes } from "../history/Changes";
import { GridTab } from "../history/Grid";
import { Schedule } from "../history/Schedule";
import { RunTable } from "../lists";
import { ParamFields, given } from "../params";
import { Facts, Sentences, Shown, StateMark, Tabs, Title, useAnswer } from "../parts";
import { setQuery, useAddress } from "../router";

const Graph = lazy(() => import("../graph/Graph"));
const TABS = ["Grid", "Runs", "Graph", "Calendar", "Changes", "Schedule", "Definition"];

export function Workflow({ name }: { name: string }) {
  const workflow = useAnswer(["workflow", name], path("workflows", name));
  const tab = useAddress().searchParams.get("tab") ?? "Grid";
  return (
    <Shown of={workflow}>
      {(data) => (
        <>
          <Title extra={<StateMark state={data.row.suspended ? { reason: "Suspended", tone: "off" } : data.row.state} />}>{name}</Title>
          <Actions data={data} />
          <Sentences of={data.sentences} />
          <Tabs tabs={TABS} chosen={tab} choose={(chosen) => setQuery("tab", chosen)} />
          {tab === "Grid" && <GridTab workflow={name} />}
          {tab === "Calendar" && <Calendar workflow={name} />}
          {tab === "Changes" && <Changes workflow={name} />}
          {tab === "Schedule" && <Schedule workflow={name} suspended={data.row.suspended} />}
          {tab === "Runs" && <Runs workflow={name} />}
          {tab === "Graph" && (
            <Suspense fallback={<p className="quiet">Drawing…</p>}>
              <Graph nodes={data.nodes} edges={data.edges} href={() => ""} />
            </Suspense>
          )}
          {tab === "Definition" && (
            <>
              <Facts of={data.facts} />
              <pre tabIndex={0}>{data.definition}</pre>
            </>
          )}
        </>
      )}
    </Shown>
  );
}

/** All runs, or those of the day that the calendar leads to. */
function Runs({ workflow }: { workflow: string }) {
  const runs = useAnswer(["runs", workflow], `/api/runs?workflow=${encodeURIComponent(workflow)}&limit=2000`);
  const day = useAddress().searchParams.get("day") ?? "";
  const shown = (run: Run) => !day || dayOf(run.logical_time || run.created) === day;
  return (
    <>
      {day && (
        <p>
          Runs of {day}.{" "}
          <button type="button" onClick={() => setQuery("day", "")}>
            Show all
          </button>
        </p>
      )}
      <Shown of={runs}>{(all) => <RunTable label="Runs" runs={all.items.filter(shown)} />}</Shown>
    </>
  );
}

function dayOf(time: string): string {
  return new Date(time).toLocaleDateString("sv"); // Sweden writes 2030-01-31
}

function Actions({ data }: { data: Answers["workflow"] }) {
  const place = useAnswer(["place"], "/api/place").data;
  const { name, suspended } = data.row;
  if (place === undefined || !data.startable) return null;
  const verb = suspended ? "resume" : "pause";
  return (
    <div className="buttons">
      <Action
        label="Run now"
        address={path("workflows", name, "start")}
        form={(values) => ({ params: given(values), ...(values.get("logical") ? { logical_time: values.get("logical") } : {}) })}
      >
        <ParamFields params={data.params} />
        <label className="field">
          Logical time (optional)
          <input name="logical" placeholder="2030-01-31T02:30:00Z" />
        </label>
      </Action>
      {!place.local && (
        <>
          <Action label={suspended ? "Resume triggers" : "Pause triggers"} address={path("workflows", name, "steer", verb)} />
          <Backfill name={name} params={data.params} />
        </>
      )}
    </div>
  );
}

function Backfill({ name, params }: { name: string; params: readonly Param[] }) {
  const read = (values: FormData) => ({
    ...Object.fromEntries(["first", "last", "step", "existing"].map((key) => [key, values.get(key) ?? ""])),
    max_active: Number(values.get("max_active")) || 1,
    params: given(values),
  });
  return (
    <Action label="Backfill" address={path("workflows", name, "backfill")} form={read} after="/backfills">
      <label className="field">
        From
        <input name="first" defaultValue={daysAgo(7)} />
      </label>
      <label className="field">
        To
        <input name="last" defaultValue={daysAgo(1)} />
      </label>
      <Choice label="Logical times" name="step" choices={{ schedule: "the ticks of the schedules", day: "one each day", month: "one each month" }} />
      <Choice
        label="Where a run is there already"
        name="existing"
        choices={{ skip: "leave it alone", "rerun-failed": "rerun it if it failed", "rerun-all": "rerun it" }}
      />
      <label className="field">
        Runs at a time
        <input name="max_active" type="number" min={1} max={1000} defaultValue={1} />
      </label>
      <ParamFields params={params} />
    </Action>
  );
}

function Choice({ label, name, choices }: { label: string; name: string; choices: Record<string, string> }) {
  return (
    <label className="field">
      {label}
      <select name={name}>
        {Object.entries(choices).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The begin of a day, in UTC, as the API writes it. */
function daysAgo(days: number): string {
  return `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
}
