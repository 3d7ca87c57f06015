// When the schedules fire next, in their own zone and in UTC, and where the clocks change.
import { type Tick, path } from "../ask";
import { Shown, Table, useAnswer } from "../parts";
import { Ago } from "../times";

/** More than a year of days: the next change of the clocks is among them. */
const MANY = 400;

export function Schedule({ workflow, suspended }: { workflow: string; suspended: boolean }) {
  const ticks = useAnswer(["ticks", workflow], `${path("workflows", workflow, "ticks")}?count=${MANY}`);
  const place = useAnswer(["place"], "/api/place").data;
  return (
    <Shown of={ticks}>
      {(data) =>
        data.items.length === 0 ? (
          <p className="quiet">No schedule fires again.</p>
        ) : (
          <>
            {suspended && <p className="problem">The triggers are paused: none of these runs starts before somebody resumes them.</p>}
            {place?.local && <p className="quiet">On this machine, schedules start runs while headrace serve runs.</p>}
            <Clocks ticks={data.items} />
            <Table
              label="Next ticks"
              items={data.items}
              name={(tick) => tick.run}
              columns={[
                { title: "Run", width: "minmax(9rem, 2fr)", wide: true, cell: (tick) => tick.run },
                { title: "Local time", width: "minmax(10rem, 2fr)", cell: (tick) => `${tick.local.slice(0, 19).replace("T", " ")} ${tick.zone}` },
                { title: "UTC", width: "minmax(10rem, 1fr)", wide: true, cell: (tick) => tick.utc },
                { title: "In", width: "7rem", cell: (tick) => <Ago time={tick.utc} /> },
                {
                  title: "Clocks",
                  width: "minmax(5rem, 1fr)",
                  wide: true,
                  cell: (tick) => tick.clocks && <strong>{tick.clocks} h</strong>,
                },
              ]}
            />
          </>
        )
      }
    </Shown>
  );
}

/** Where the clocks change next: the schedule goes on in local time. */
function Clocks({ ticks }: { ticks: readonly Tick[] }) {
  const change = ticks.find((tick) => tick.clocks);
  if (change === undefined) return null;
  return (
    <p>
      Before {change.local.slice(0, 16).replace("T", " ")} the clocks of {change.zone} change by {change.clocks} h.
    </p>
  );
}
