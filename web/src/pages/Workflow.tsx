// One workflow: its runs, its graph, its definition; run it now, switch its triggers off.
import { Suspense, lazy } from "react";

import { Action } from "../actions";
import { type Answers, path } from "../ask";
import { Calendar } from "../history/Calendar";
import { Changes } from "../history/Changes";
import { GridTab } from "../history/Grid";
import { Schedule } from "../history/Schedule";
import { RunTable } from "../lists";
import { Facts, Sentences, Shown, StateMark, Tabs, Title, useAnswer } from "../parts";
import { setQuery, useAddress } from "../router";

const Graph = lazy(() => import("../graph/Graph"));
const TABS = ["Grid", "Runs", "Graph", "Calendar", "Changes", "Schedule", "Definition"];

export function Workflow({ name }: { name: string }) {
  const workflow = useAnswer(["workflow", name], path("workflows", name));
  const runs = useAnswer(["runs", name], `/api/runs?workflow=${encodeURIComponent(name)}&limit=2000`);
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
          {tab === "Runs" && <Shown of={runs}>{(all) => <Runs of={all.items} />}</Shown>}
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
function Runs({ of }: { of: Answers["runs"]["items"] }) {
  const day = useAddress().searchParams.get("day") ?? "";
  const shown = day ? of.filter((run) => dayOf(run.logical_time || run.created) === day) : of;
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
      <RunTable label="Runs" runs={shown} />
    </>
  );
}

function dayOf(time: string): string {
  return new Date(time).toLocaleDateString("sv"); // Sweden writes 2030-01-31
}

function Actions({ data }: { data: Answers["workflow"] }) {
  const place = useAnswer(["place"], "/api/place").data;
  const { name, suspended } = data.row;
  if (place === undefined || place.local) return null;
  const verb = suspended ? "resume" : "pause";
  return (
    <div className="buttons">
      <Action label="Run now" address={path("workflows", name, "start")} form={(values) => start(values)}>
        {data.params.map((param) => (
          <label key={param.name} className="field">
            {param.name} {param.required ? "" : "(optional)"}
            {param.choices.length > 0 ? (
              <select name={param.name} defaultValue={param.default}>
                {param.choices.map((choice) => (
                  <option key={choice}>{choice}</option>
                ))}
              </select>
            ) : (
              <input name={param.name} placeholder={param.default} />
            )}
            <small>
              {param.type}
              {param.description && `: ${param.description}`}
            </small>
          </label>
        ))}
      </Action>
      <Action label={suspended ? "Resume triggers" : "Pause triggers"} address={path("workflows", name, "steer", verb)} />
    </div>
  );
}

/** An empty field has the parameter's default. */
function start(values: FormData): object {
  const given = [...values].filter(([, value]) => value !== "");
  return { params: Object.fromEntries(given) };
}

