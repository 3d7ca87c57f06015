// One task of a run: why it is as it is, its attempts side by side, its log, what it got and gave.
import { Action } from "../actions";
import { type Answers, path } from "../ask";
import { Gantt } from "../Gantt";
import { Logs } from "../Logs";
import { Facts, Sentences, Shown, StateMark, Table, Tabs, Title, useAnswer } from "../parts";
import { Link, at, setQuery, useAddress } from "../router";
import { Duration } from "../times";
import { Questions } from "./Run";

const TABS = ["Logs", "Attempts", "Facts", "Definition", "Object"];

export function Task({ run, task }: { run: string; task: string }) {
  const found = useAnswer(["task", run, task], path("runs", run, "tasks", task));
  const query = useAddress().searchParams;
  const tab = query.get("tab") ?? "Logs";
  const attempt = Number(query.get("attempt") ?? 0) || 0;
  return (
    <Shown of={found}>
      {(data) => (
        <>
          <Title extra={<StateMark state={data.row.state} />}>{task}</Title>
          <p className="quiet">
            of run <Link href={at("runs", run)}>{run}</Link> · <Duration begin={data.row.started} end={data.row.completed} />
          </p>
          {data.run.state.ended && (
            <div className="buttons">
              <Action label="Rerun from here" address={path("runs", run, "rerun")} body={{ start: "Task", task }} />
            </div>
          )}
          <Questions approvals={data.approvals} />
          <Sentences of={data.sentences} />
          <Tabs tabs={TABS} chosen={tab} choose={(chosen) => setQuery("tab", chosen)} />
          {tab === "Logs" && (
            <>
              <Choose attempts={data.attempts.map((each) => each.number)} chosen={attempt} />
              <Logs key={attempt} run={run} task={task} attempt={attempt} over={data.row.state.ended} />
            </>
          )}
          {tab === "Attempts" && (
            <>
              <Attempts attempts={data.attempts} />
              <Gantt bars={data.bars} href={() => at("runs", run, "tasks", task)} />
            </>
          )}
          {tab === "Facts" && <Facts of={data.facts} />}
          {tab === "Definition" && <pre tabIndex={0}>{data.definition || "It cannot be read."}</pre>}
          {tab === "Object" && <pre tabIndex={0}>{data.object || "The task has not started."}</pre>}
        </>
      )}
    </Shown>
  );
}

function Choose({ attempts, chosen }: { attempts: number[]; chosen: number }) {
  if (attempts.length < 2) return null;
  return (
    <label className="search">
      Attempt{" "}
      <select value={chosen || ""} onChange={(event) => setQuery("attempt", event.target.value)}>
        <option value="">all</option>
        {attempts.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

function Attempts({ attempts }: { attempts: Answers["task"]["attempts"] }) {
  return (
    <Table
      label="Attempts"
      items={attempts}
      name={(each) => String(each.number)}
      columns={[
        { title: "Attempt", width: "5rem", cell: (each) => each.number },
        { title: "Reason", width: "minmax(7rem, 1fr)", cell: (each) => each.reason },
        { title: "Exit", width: "3rem", cell: (each) => each.exit_code },
        { title: "Duration", width: "6rem", cell: (each) => <Duration begin={each.started} end={each.completed} /> },
        {
          title: "Pod or run",
          width: "minmax(0, 2fr)",
          wide: true,
          cell: (each) => (each.run ? <Link href={at("runs", each.run)}>{each.run}</Link> : each.pod),
        },
        { title: "Node", width: "minmax(0, 1fr)", wide: true, cell: (each) => each.node },
        { title: "Message", width: "minmax(0, 3fr)", wide: true, cell: (each) => each.message },
      ]}
    />
  );
}
