// Days and what became of their runs: colour, sign and number; a day leads to its runs.
import { type Day, path } from "../ask";
import { SIGNS, Shown, useAnswer } from "../parts";
import { Link, at } from "../router";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS = 12;

export function Calendar({ workflow }: { workflow: string }) {
  const days = useAnswer(["days", workflow], `${path("workflows", workflow, "days")}?zone=${encodeURIComponent(ZONE)}`);
  return (
    <Shown of={days}>
      {(data) => {
        if (data.items.length === 0) return <p className="quiet">There are no runs.</p>;
        const known = new Map(data.items.map((day) => [day.date, day]));
        const months = [...new Set(data.items.map((day) => day.date.slice(0, 7)))].reverse().slice(0, MONTHS);
        return (
          <>
            <p className="quiet">Days of {ZONE}, by the logical time of a run, or by its creation.</p>
            <div className="months">
              {months.map((month) => (
                <Month key={month} month={month} days={known} workflow={workflow} />
              ))}
            </div>
          </>
        );
      }}
    </Shown>
  );
}

function Month({ month, days, workflow }: { month: string; days: Map<string, Day>; workflow: string }) {
  const [year = 0, number = 0] = month.split("-").map(Number);
  const first = new Date(Date.UTC(year, number - 1, 1));
  const count = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const before = (first.getUTCDay() + 6) % 7;
  const cells = [...Array(before).fill(0), ...Array.from({ length: count }, (_, day) => day + 1)] as number[];
  const weeks = Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) => cells.slice(7 * week, 7 * week + 7));
  return (
    <table className="month">
      <caption>{first.toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" })}</caption>
      <thead>
        <tr>
          {WEEKDAYS.map((day) => (
            <th key={day} scope="col">
              {day}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week, place) => (
          <tr key={place}>
            {week.map((day, weekday) => {
              const date = `${month}-${String(day).padStart(2, "0")}`;
              return <td key={weekday}>{day > 0 && <Cell day={days.get(date)} number={day} date={date} workflow={workflow} />}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ day, number, date, workflow }: { day: Day | undefined; number: number; date: string; workflow: string }) {
  if (day === undefined) return <span className="quiet">{number}</span>;
  const tone = day.bad ? "bad" : day.going_on ? "busy" : day.good ? "good" : "off";
  const counts: [number, string][] = [
    [day.bad, "failed"],
    [day.going_on, "running"],
    [day.good, "succeeded"],
    [day.off, "ended early"],
  ];
  const words = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const href = day.run ? at("runs", day.run) : `${at("workflows", workflow)}?tab=Runs&day=${date}`;
  return (
    <Link href={href} className={`cell ${tone}`} title={`${date}: ${words.join(", ")}`} aria-label={`${number}: ${words.join(", ")} on ${date}`}>
      {number} <span aria-hidden="true">{SIGNS[tone]}</span>
    </Link>
  );
}
