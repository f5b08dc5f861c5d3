/** A point that a person chooses: a dialog with a field for each parameter. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Params, StudyAbout } from "../wire.js";
import { enqueue } from "./api.js";
import { trying } from "./store.js";

interface EnqueueProps {
  readonly about: StudyAbout;
  /** What the fields begin with. */
  readonly from: Params;
  readonly onClose: () => void;
}

export function EnqueueDialog({ about, from, onClose }: EnqueueProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const names = Object.keys(about.space).length > 0 ? Object.keys(about.space) : Object.keys(from);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(names.map((name) => [name, textOf(from[name])])),
  );
  const [refusal, setRefusal] = useState("");
  useEffect(() => dialog.current?.showModal(), []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = names.filter((name) => texts[name] !== "");
    try {
      await enqueue(
        about.name,
        Object.fromEntries(given.map((name) => [name, readText(texts[name])])) as Params,
      );
      onClose();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="enqueue-title">
      <form onSubmit={(event) => void trying(() => submit(event))}>
        <h2 id="enqueue-title">Try a point</h2>
        <p class="quiet">
          It is run next, with its curves, beside those of the strategy. Leave a field empty where it does not
          apply.
        </p>
        <div class="fields">
          {names.map((name) => (
            <label key={name}>
              <span>
                {name} <small class="quiet">{rangeOf(about.space[name])}</small>
              </span>
              <input
                value={texts[name]}
                spellcheck={false}
                onInput={(event) => setTexts({ ...texts, [name]: event.currentTarget.value })}
              />
            </label>
          ))}
        </div>
        {refusal !== "" && (
          <p class="refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
          <button type="submit" class="button primary">
            Run it next
          </button>
        </div>
      </form>
    </dialog>
  );
}

const textOf = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** Numbers and the like as JSON, and words as they are. */
function readText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function rangeOf(parameter: StudyAbout["space"][string] | undefined): string {
  if (!parameter) return "";
  if (parameter.type === "choice") return parameter.values.map(textOf).join(", ");
  return `${parameter.low} to ${parameter.high}${parameter.log ? ", log" : ""}`;
}
