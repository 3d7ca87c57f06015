// All workflows, each with its last runs as bars: the height is the duration, the colour the outcome.
import type { RunBar } from "../ask";
import { Shown, StateMark, Table, Title, useAnswer } from "../parts";
import { Link, at, setQuery, useAddress } from "../router";
import { Ago } from "../times";

export function Workflows() {
  const wanted = useAddress().searchParams.get("q") ?? "";
  const workflows = useAnswer(["workflows"], "/api/workflows");
  return (
    <>
      <Title extra={<Search label="Search workflows" />}>Workflows</Title>
      <Shown of={workflows}>
        {(data) => (
          <Table
            label="Workflows"
            items={data.items.filter((each) => each.name.includes(wanted))}
            name={(each) => `${each.namespace}/${each.name}`}
            columns={[
              {
                title: "Workflow",
                width: "minmax(8rem, 2fr)",
                cell: (each) => <Link href={at("workflows", each.name)}>{each.name}</Link>,
              },
              {
                title: "Status",
                width: "minmax(6rem, 1fr)",
                cell: (each) => <StateMark state={each.suspended ? { reason: "Suspended", tone: "off" } : each.state} />,
              },
              { title: "Last runs", width: "minmax(7rem, 1fr)", cell: (each) => <Bars runs={each.runs} /> },
              { title: "Active", width: "4rem", wide: true, cell: (each) => each.active || "" },
              { title: "Next run", width: "8rem", wide: true, cell: (each) => <Ago time={each.next_run} /> },
              { title: "About", width: "minmax(0, 3fr)", wide: true, cell: (each) => each.description },
            ]}
          />
        )}
      </Shown>
    </>
  );
}

export function Search({ label }: { label: string }) {
  const wanted = useAddress().searchParams.get("q") ?? "";
  return (
    <label className="search">
      {label} <input type="search" value={wanted} onChange={(event) => setQuery("q", event.target.value)} />
    </label>
  );
}

function Bars({ runs }: { runs: readonly RunBar[] }) {
  const took = (run: RunBar) => (run.started ? (run.completed ? Date.parse(run.completed) : Date.now()) - Date.parse(run.started) : 0);
  const most = Math.max(1, ...runs.map(took));
  return (
    <span className="bars">
      {[...runs].reverse().map((run) => (
        <Link
          key={run.name}
          href={at("runs", run.name)}
          className={`mini ${run.tone}`}
          title={`${run.name}: ${run.reason}`}
          aria-label={`${run.name}: ${run.reason}`}
        >
          <span style={{ height: `${Math.max(15, (100 * took(run)) / most)}%` }} />
        </Link>
      ))}
    </span>
  );
}
