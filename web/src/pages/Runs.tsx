// Runs, newest first, with filters that live in the address.
import { RunTable } from "../lists";
import { Shown, Title, useAnswer } from "../parts";
import { setQuery, useAddress } from "../router";
import { Search } from "./Workflows";

const STATUSES = ["", "running", "failed", "succeeded"];

export function Runs() {
  const query = useAddress().searchParams;
  const status = query.get("status") ?? "";
  const wanted = query.get("q") ?? "";
  const runs = useAnswer(["runs", `status ${status}`], `/api/runs?status=${encodeURIComponent(status)}&limit=2000`);
  return (
    <>
      <Title extra={<Search label="Search runs" />}>Runs</Title>
      <label className="search">
        Status{" "}
        <select value={status} onChange={(event) => setQuery("status", event.target.value)}>
          {STATUSES.map((each) => (
            <option key={each} value={each}>
              {each || "all"}
            </option>
          ))}
        </select>
      </label>
      <Shown of={runs}>
        {(data) => (
          <>
            <RunTable label="Runs" runs={data.items.filter((run) => run.name.includes(wanted))} />
            {data.more && <p className="quiet">There are more; headrace list --limit 0 shows all.</p>}
          </>
        )}
      </Shown>
    </>
  );
}
