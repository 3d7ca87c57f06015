// What people do: first what it means and the command that does the same, then for real.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

import { type Done, act } from "./ask";
import { at, go } from "./router";

interface Props {
  label: string;
  address: string;
  body?: object;
  /** Fields of a form; their values are added to the body. */
  form?: (values: FormData) => object;
  /** Where to go then, if there is no new run. */
  after?: string;
  children?: ReactNode;
}

/** A button that opens a dialog with a preview; the dialog acts. */
export function Action({ label, address, body = {}, form, after, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const fields = useRef<HTMLFormElement>(null);
  const heading = useId();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [preview, setPreview] = useState<Done>();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const asked = () => ({ ...body, ...(form && fields.current ? form(new FormData(fields.current)) : {}) });
  const ask = async () => {
    try {
      const answer = await act(address, { ...asked(), preview: true });
      setPreview(answer.problem ? undefined : answer);
      setProblem(answer.problem);
    } catch (error) {
      setPreview(undefined);
      setProblem((error as Error).message);
    }
  };
  useEffect(() => {
    if (!open) return;
    dialog.current?.showModal();
    void ask();
  }, [open]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const done = await act(address, asked());
      setOpen(false);
      await client.invalidateQueries();
      if (done.run) go(at("runs", done.run));
      else if (after) go(after);
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && (
        <dialog ref={dialog} aria-labelledby={heading} onClose={() => setOpen(false)}>
          <form ref={fields} onSubmit={submit} onChange={() => form && void ask()}>
            <h2 id={heading}>{label}</h2>
            {children}
            {problem && (
              <p role="alert" className="problem">
                {problem}
              </p>
            )}
            {preview && (
              <>
                <p>{preview.message}</p>
                <Planned of={preview.planned ?? []} />
                <p className="quiet">The same as this command:</p>
                <pre className="command" tabIndex={0}>
                  {preview.command}
                </pre>
              </>
            )}
            <div className="buttons">
              <button type="submit" className="main" disabled={busy || preview === undefined}>
                {label}
              </button>
              <button type="button" onClick={() => dialog.current?.close()}>
                Close
              </button>
            </div>
          </form>
        </dialog>
      )}
    </>
  );
}

/** What a backfill would do, each logical time a line. */
function Planned({ of }: { of: NonNullable<Done["planned"]> }) {
  if (of.length === 0) return null;
  return (
    <div className="planned" tabIndex={0} role="region" aria-label="What it would do">
      <table>
        <thead>
          <tr>
            <th scope="col">Logical time</th>
            <th scope="col">New run</th>
            <th scope="col">There already</th>
          </tr>
        </thead>
        <tbody>
          {of.map((each) => (
            <tr key={each.time}>
              <td>{each.time}</td>
              <td>{each.run || "–"}</td>
              <td>{each.existing || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
