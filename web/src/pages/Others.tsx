// Pools, backfills and approvals: who holds, who waits, what is asked.
import { Action } from "../actions";
import { type Backfill, path } from "../ask";
import { Shown, StateMark, Table, Title, useAnswer } from "../parts";
import { Link, at } from "../router";
import { Ago } from "../times";

interface Claim {
  run: string;
  task: string;
  slots: number;
}

export function Pools() {
  const pools = useAnswer(["pools"], "/api/pools");
  return (
    <>
      <Title>Pools</Title>
      <Shown of={pools}>
        {(data) =>
          data.items.length === 0 ? (
            <p className="quiet">There are no pools.</p>
          ) : (
            data.items.map((pool) => (
              <section key={pool.name} aria-label={pool.name}>
                <h2>{pool.name}</h2>
                <p>
                  {pool.used} of {pool.slots} slots are used; {pool.waiting} wait. {pool.description}
                </p>
                <Claims title="Holds" claims={pool.holders} />
                <Claims title="Waits" claims={pool.queue} />
              </section>
            ))
          )
        }
      </Shown>
    </>
  );
}

function Claims({ title, claims }: { title: string; claims: readonly Claim[] }) {
  if (claims.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ol>
        {claims.map((claim) => (
          <li key={`${claim.run}\n${claim.task}`}>
            <Link href={at("runs", claim.run, "tasks", claim.task)}>
              {claim.run} · {claim.task}
            </Link>
            {claim.slots > 1 && ` (${claim.slots} slots)`}
          </li>
        ))}
      </ol>
    </>
  );
}

export function Backfills() {
  const backfills = useAnswer(["backfills"], "/api/backfills");
  return (
    <>
      <Title>Backfills</Title>
      <Shown of={backfills}>
        {(data) => (
          <Table
            label="Backfills"
            items={data.items}
            name={(each) => each.name}
            columns={[
              { title: "Backfill", width: "minmax(8rem, 2fr)", cell: (each) => each.name },
              {
                title: "Workflow",
                width: "minmax(7rem, 1fr)",
                cell: (each) => <Link href={at("workflows", each.workflow)}>{each.workflow}</Link>,
              },
              { title: "Status", width: "minmax(7rem, 1fr)", cell: (each) => <StateMark state={each.state} /> },
              { title: "Progress", width: "6rem", cell: (each) => each.progress },
              { title: "Failed", width: "4rem", wide: true, cell: (each) => each.failed || "" },
              { title: "From", width: "minmax(0, 1fr)", wide: true, cell: (each) => each.first },
              { title: "To", width: "minmax(0, 1fr)", wide: true, cell: (each) => each.last },
              { title: "Change", width: "17rem", wide: true, cell: (each) => <Steer backfill={each} /> },
            ]}
          />
        )}
      </Shown>
    </>
  );
}

function Steer({ backfill }: { backfill: Backfill }) {
  if (backfill.state.ended) return null;
  const verbs = [backfill.desired === "Pause" ? "resume" : "pause", "stop", "cancel"];
  return (
    <div className="row-buttons">
      {verbs.map((verb) => (
        <Action
          key={verb}
          label={`${verb[0]?.toUpperCase()}${verb.slice(1)}`}
          address={path("backfills", backfill.name, "steer", verb)}
        />
      ))}
    </div>
  );
}

export function Approvals() {
  const approvals = useAnswer(["approvals"], "/api/approvals");
  return (
    <>
      <Title>Approvals</Title>
      <Shown of={approvals}>
        {(data) => (
          <Table
            label="Approvals"
            items={data.items}
            name={(each) => each.name}
            columns={[
              {
                title: "Task",
                width: "minmax(9rem, 2fr)",
                cell: (each) => (
                  <Link href={at("runs", each.run, "tasks", each.task)}>
                    {each.run} · {each.task}
                  </Link>
                ),
              },
              { title: "Status", width: "minmax(8rem, 1fr)", cell: (each) => <StateMark state={each.state} /> },
              { title: "Answer", width: "minmax(5rem, 1fr)", cell: (each) => each.answer && `${each.answer}${each.by && `, by ${each.by}`}` },
              { title: "Question", width: "minmax(0, 3fr)", wide: true, cell: (each) => each.question },
              { title: "Asked", width: "8rem", wide: true, cell: (each) => <Ago time={each.created} /> },
            ]}
          />
        )}
      </Shown>
    </>
  );
}
