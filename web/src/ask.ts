// Requests to the API. The types come from its OpenAPI file (`npm run types`).
import type { components } from "./api";

type Schemas = components["schemas"];
export type Approval = Schemas["ApprovalRow"];
export type Backfill = Schemas["BackfillRow"];
export type Bar = Schemas["Bar"];
export type Done = Schemas["Done"];
export type Edge = Schemas["Edge"];
export type GraphNode = Schemas["Node"];
export type Need = Schemas["Need"];
export type Param = Schemas["DeclaredParam"];
export type Run = Schemas["RunRow"];
export type RunBar = Schemas["RunBar"];
export type RunPage = Schemas["RunPage"];
export type Sentence = Schemas["Sentence"];
export type State = Schemas["State"];
export type Task = Schemas["TaskRow"];
export type Grid = Schemas["Grid"];
export type Day = Schemas["Day"];
export type Revision = Schemas["Revision"];
export type Tick = Schemas["Tick"];
export type Workflow = Schemas["WorkflowRow"];

/** What each path answers with. */
export interface Answers {
  place: Schemas["Where"];
  now: Schemas["Overview"];
  workflows: Schemas["Items_WorkflowRow_"];
  workflow: Schemas["WorkflowPage"];
  grid: Schemas["Grid"];
  days: Schemas["Items_Day_"];
  revisions: Schemas["Items_Revision_"];
  differences: Schemas["Items_Difference_"];
  ticks: Schemas["Items_Tick_"];
  runs: Schemas["Items_RunRow_"];
  run: Schemas["RunPage"];
  task: Schemas["TaskPage"];
  pools: Schemas["Items_PoolRow_"];
  backfills: Schemas["Items_BackfillRow_"];
  approvals: Schemas["Items_ApprovalRow_"];
}

export interface LogLine {
  time: string;
  task: string;
  attempt: number;
  item: number | null;
  text: string;
}

/** A no of the server, in a sentence for people. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A path of the API; each part is data, whatever characters it has. */
export function path(...parts: string[]): string {
  return `/api/${parts.map(encodeURIComponent).join("/")}`;
}

export async function get<K extends keyof Answers>(address: string): Promise<Answers[K]> {
  return (await answer(address)).json();
}

export async function act(address: string, body: object): Promise<Done> {
  const headers = { "Content-Type": "application/json" };
  return (await answer(address, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

export async function logLines(address: string): Promise<LogLine[]> {
  const text = await (await answer(address)).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogLine);
}

async function answer(address: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { ...options, cache: "no-store" });
  } catch {
    throw new Refusal(0, "headrace ui does not answer: start it again");
  }
  if (response.ok) return response;
  const text = await response.text();
  throw new Refusal(response.status, message(text));
}

function message(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (problem !== null && typeof problem === "object" && "message" in problem) {
      return String(problem.message);
    }
  } catch {
    // Plain text is a sentence already.
  }
  return text.trim() || "there is no answer";
}
