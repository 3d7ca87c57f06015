// Fields for the parameters of a workflow, by their types. The server judges the values.
import type { Param } from "./ask";

const PREFIX = "param ";

export function ParamFields({ params }: { params: readonly Param[] }) {
  return params.map((param) => (
    <label key={param.name} className="field">
      <span>
        {param.name} {param.required && <strong>(needed)</strong>}
      </span>
      <Value param={param} />
      <small>
        {param.type}
        {param.default !== "" && `, ${param.default} if it is empty`}
        {param.description && `: ${param.description}`}
      </small>
    </label>
  ));
}

function Value({ param }: { param: Param }) {
  const name = PREFIX + param.name;
  const choices = param.choices.length > 0 ? param.choices : param.type === "Boolean" ? ["true", "false"] : [];
  if (choices.length > 0) {
    return (
      <select name={name} defaultValue="">
        <option value="">{param.required ? "choose…" : param.default}</option>
        {choices
          .filter((choice) => param.required || choice !== param.default)
          .map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
      </select>
    );
  }
  return <input name={name} placeholder={param.default} inputMode={param.type === "Integer" ? "numeric" : "text"} />;
}

/** The values that somebody gave; an empty field has the parameter's default. */
export function given(values: FormData): Record<string, string> {
  const own = [...values].filter(([name, value]) => name.startsWith(PREFIX) && value !== "");
  return Object.fromEntries(own.map(([name, value]) => [name.slice(PREFIX.length), String(value)]));
}
