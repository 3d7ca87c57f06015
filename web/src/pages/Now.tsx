// What needs me, what runs, what comes next.
import type { Need } from "../ask";
import { RunTable } from "../lists";
import { Shown, StateMark, Title, useAnswer } from "../parts";
import { Link, at } from "../router";
import { Ago } from "../times";

export function Now() {
  const now = useAnswer(["now"], "/api/now");
  return (
    <>
      <Title>Now</Title>
      <Shown of={now}>
        {(data) => (
          <>
            <h2>What needs somebody</h2>
            {data.needs.length === 0 ? (
              <p className="quiet">Nothing: no run failed or is stuck, and nobody is asked.</p>
            ) : (
              <ul className="needs">
                {data.needs.map((need, place) => (
                  <li key={place}>
                    <NeedLine need={need} />
                  </li>
                ))}
              </ul>
            )}
            <h2>What runs</h2>
            <RunTable label="Running runs" runs={data.running} />
            <h2>What comes next</h2>
            {data.upcoming.length === 0 ? (
              <p className="quiet">No schedule will start anything.</p>
            ) : (
              <ul className="plain">
                {data.upcoming.map((each) => (
                  <li key={each.workflow}>
                    <Link href={at("workflows", each.workflow)}>{each.workflow}</Link> <Ago time={each.time} />
                  </li>
                ))}
              </ul>
            )}
            {data.more > 0 && <p className="quiet">and {data.more} more; the lists show all</p>}
          </>
        )}
      </Shown>
    </>
  );
}

function NeedLine({ need }: { need: Need }) {
  const href = need.run === "" ? at("workflows", need.workflow) : need.task === "" ? at("runs", need.run) : at("runs", need.run, "tasks", need.task);
  return (
    <>
      <StateMark state={need} />{" "}
      <Link href={href}>{need.run === "" ? need.workflow : need.task === "" ? need.run : `${need.run} · ${need.task}`}</Link>{" "}
      <span className="message">{need.message}</span> <Ago time={need.since} />
      {need.cure && <div className="cure">→ {need.cure}</div>}
    </>
  );
}
