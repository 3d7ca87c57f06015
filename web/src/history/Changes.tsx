// What changed between two definitions, field by field.
import { type Revision, path } from "../ask";
import { Shown, useAnswer } from "../parts";
import { setQuery, useAddress } from "../router";

export function Changes({ workflow }: { workflow: string }) {
  const revisions = useAnswer(["revisions", workflow], path("workflows", workflow, "revisions"));
  return (
    <Shown of={revisions}>
      {(data) =>
        data.items.length < 2 ? (
          <p className="quiet">The definition has not changed since the oldest run that is there.</p>
        ) : (
          <Between workflow={workflow} revisions={data.items} />
        )
      }
    </Shown>
  );
}

function Between({ workflow, revisions }: { workflow: string; revisions: readonly Revision[] }) {
  const query = useAddress().searchParams;
  const after = query.get("after") ?? revisions[0]?.name ?? "";
  const before = query.get("before") ?? revisions[1]?.name ?? "";
  const asked = new URLSearchParams({ before, after });
  const found = useAnswer(["differences", workflow, before, after], `${path("workflows", workflow, "differences")}?${asked}`);
  return (
    <>
      <div className="bar-of-tools">
        <Choose label="Before" revisions={revisions} chosen={before} name="before" />
        <Choose label="After" revisions={revisions} chosen={after} name="after" />
      </div>
      <Shown of={found}>
        {(data) =>
          data.items.length === 0 ? (
            <p className="quiet">They are the same.</p>
          ) : (
            <div className="wide-table" tabIndex={0} role="region" aria-label="Changes">
              <table className="changes">
                <thead>
                  <tr>
                    <th scope="col">Field</th>
                    <th scope="col">Change</th>
                    <th scope="col">Before</th>
                    <th scope="col">After</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((each) => (
                    <tr key={each.field}>
                      <th scope="row">{each.field}</th>
                      <td className={`state ${{ added: "good", removed: "bad" }[each.change] ?? "busy"}`}>{each.change}</td>
                      <td>
                        <del>{each.before}</del>
                      </td>
                      <td>
                        <ins>{each.after}</ins>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
    </>
  );
}

function Choose({ label, revisions, chosen, name }: { label: string; revisions: readonly Revision[]; chosen: string; name: string }) {
  return (
    <label className="search">
      {label}{" "}
      <select value={chosen} onChange={(event) => setQuery(name, event.target.value)}>
        {revisions.map((each) => (
          <option key={each.name} value={each.name}>
            {each.number} · {each.created.slice(0, 16).replace("T", " ")} · {each.runs} {each.runs === 1 ? "run" : "runs"}
          </option>
        ))}
      </select>
    </label>
  );
}
