// One run: why it is as it is, its tasks, its graph, its bars, its logs; and what can be done.
import { Suspense, lazy } from "react";

import { Action } from "../actions";
import { type Approval, type Param, type Run as Row, path } from "../ask";
import { Gantt } from "../Gantt";
import { TaskTable } from "../lists";
import { Logs } from "../Logs";
import { ParamFields, given } from "../params";
import { Facts, Sentences, Shown, StateMark, Tabs, Title, useAnswer } from "../parts";
import { Link, at, setQuery, useAddress } from "../router";
import { Ago, Duration } from "../times";

const Graph = lazy(() => import("../graph/Graph"));
const TABS = ["Tasks", "Graph", "Gantt", "Logs", "Facts"];
const VERBS = ["pause", "resume", "stop", "cancel", "terminate"];

export function Run({ name }: { name: string }) {
  const run = useAnswer(["run", name], path("runs", name));
  const tab = useAddress().searchParams.get("tab") ?? "Tasks";
  const task = (of: string) => at("runs", name, "tasks", of);
  return (
    <Shown of={run}>
      {({ row, ...data }) => (
        <>
          <Title extra={<StateMark state={row.state} />}>{name}</Title>
          <p className="quiet">
            of <Link href={at("workflows", row.workflow)}>{row.workflow}</Link> · {row.progress && `${row.progress} tasks · `}
            <Duration begin={row.started} end={row.completed} /> · created <Ago time={row.created} />
          </p>
          <RunActions row={row} params={data.params} />
          <Questions approvals={data.approvals} />
          <Sentences of={data.sentences} />
          <Tabs tabs={TABS} chosen={tab} choose={(chosen) => setQuery("tab", chosen)} />
          {tab === "Tasks" && <TaskTable run={name} tasks={data.tasks} />}
          {tab === "Graph" && (
            <Suspense fallback={<p className="quiet">Drawing…</p>}>
              <Graph nodes={data.nodes} edges={data.edges} href={task} />
            </Suspense>
          )}
          {tab === "Gantt" && <Gantt bars={data.bars} href={task} />}
          {tab === "Logs" && <Logs run={name} over={row.state.ended} />}
          {tab === "Facts" && <Facts of={data.facts} />}
        </>
      )}
    </Shown>
  );
}

function RunActions({ row, params }: { row: Row; params: readonly Param[] }) {
  if (row.state.ended) {
    return (
      <div className="buttons">
        <Action label="Rerun what failed" address={path("runs", row.name, "rerun")} />
        <Action label="Rerun all" address={path("runs", row.name, "rerun")} body={{ start: "All" }} />
        <Action
          label="Rerun with…"
          address={path("runs", row.name, "rerun")}
          form={(values) => ({
            start: values.get("start") ?? "All",
            latest: values.get("latest") === "on",
            params: given(values),
          })}
        >
          <label className="field">
            What to repeat
            <select name="start">
              <option value="All">all tasks</option>
              <option value="Failed">what failed, and what waits for it</option>
            </select>
          </label>
          <label>
            <input type="checkbox" name="latest" /> With today's definition of the workflow
          </label>
          <ParamFields params={params} />
        </Action>
      </div>
    );
  }
  const verbs = VERBS.filter((verb) => verb !== (row.desired === "Pause" ? "pause" : "resume"));
  return (
    <div className="buttons">
      {verbs.map((verb) => (
        <Action key={verb} label={`${verb[0]?.toUpperCase()}${verb.slice(1)}`} address={path("runs", row.name, "steer", verb)} />
      ))}
    </div>
  );
}

export function Questions({ approvals }: { approvals: readonly Approval[] }) {
  const open = approvals.filter((each) => !each.state.ended);
  return open.map((each) => (
    <section key={each.name} className="question" aria-label={`Question of ${each.task}`}>
      <p>
        <strong>{each.task}</strong>
        {each.item && `[${each.item}]`} asks: {each.question}
      </p>
      <div className="buttons">
        {each.choices.map((choice) => (
          <Action
            key={choice}
            label={choice}
            address={path("approvals", each.name, "answer")}
            form={(values) => ({ choice, comment: values.get("comment") ?? "" })}
          >
            <label className="field">
              Comment (optional) <input name="comment" />
            </label>
          </Action>
        ))}
      </div>
    </section>
  ));
}
