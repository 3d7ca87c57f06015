// Tables of runs and tasks, which several views show.
import type { Run, Task } from "./ask";
import { StateMark, Table } from "./parts";
import { Link, at } from "./router";
import { Ago, Duration } from "./times";

export function RunTable({ label, runs }: { label: string; runs: readonly Run[] }) {
  return (
    <Table
      label={label}
      items={runs}
      name={(run) => run.name}
      columns={[
        { title: "Run", width: "minmax(9rem, 3fr)", cell: (run) => <Link href={at("runs", run.name)}>{run.name}</Link> },
        { title: "Status", width: "minmax(7rem, 1fr)", cell: (run) => <StateMark state={run.state} /> },
        { title: "Progress", width: "5rem", wide: true, cell: (run) => run.progress },
        { title: "Duration", width: "6rem", cell: (run) => <Duration begin={run.started} end={run.completed} /> },
        { title: "Created", width: "8rem", wide: true, cell: (run) => <Ago time={run.created} /> },
        { title: "Message", width: "minmax(0, 4fr)", wide: true, cell: (run) => run.state.message },
      ]}
    />
  );
}

export function TaskTable({ run, tasks }: { run: string; tasks: readonly Task[] }) {
  return (
    <Table
      label="Tasks"
      items={tasks}
      name={(task) => task.task}
      columns={[
        {
          title: "Task",
          width: "minmax(8rem, 2fr)",
          cell: (task) => <Link href={at("runs", run, "tasks", task.task)}>{task.task}</Link>,
        },
        { title: "Status", width: "minmax(9.5rem, 1fr)", cell: (task) => <StateMark state={task.state} /> },
        { title: "Attempts", width: "5.5rem", wide: true, cell: (task) => task.attempts || "" },
        { title: "Items", width: "5rem", wide: true, cell: (task) => task.items },
        { title: "Duration", width: "6rem", cell: (task) => <Duration begin={task.started} end={task.completed} /> },
        { title: "Message", width: "minmax(0, 4fr)", wide: true, cell: (task) => task.state.message },
      ]}
    />
  );
}
