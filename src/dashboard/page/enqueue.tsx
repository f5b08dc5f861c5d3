/**
 * A point that a person chooses: a dialog with a field for each parameter, which begins with those of a
 * trial.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { formatValue } from "../../report/format.js";
import { shareOf } from "../../report/plots/scale.js";
import type { NumericParameter } from "../../search/space/parameter.js";
import { valueKey } from "../../search/space/value.js";
import { rangeText } from "../state/compare.js";
import { changesOf } from "../state/tries.js";
import type { Params, StudyAbout, TrialRow } from "../wire.js";
import { enqueue } from "./api.js";
import { Button, type OfStudy, TextField } from "./parts.js";
import { tries } from "./store.js";

type Parameter = StudyAbout["space"][string];

interface EnqueueProps extends OfStudy {
  /** What the fields begin with. */
  readonly from: TrialRow | undefined;
  readonly label: string;
  readonly isPrimary?: boolean;
}

/** Opens the dialog, if the host takes points. */
export function EnqueueButton({ label, isPrimary = false, ...more }: EnqueueProps) {
  const [isChoosing, setChoosing] = useState(false);
  return (
    <>
      {more.about.actions.includes("enqueue") && (
        <Button isPrimary={isPrimary} onClick={() => setChoosing(true)}>
          {label}
        </Button>
      )}
      {isChoosing && <EnqueueDialog {...more} onClose={() => setChoosing(false)} />}
    </>
  );
}

type DialogProps = Pick<EnqueueProps, "about" | "state" | "from"> & { readonly onClose: () => void };

function EnqueueDialog({ about, state, from, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const before = from?.params ?? {};
  const names = Object.keys(about.space).length > 0 ? Object.keys(about.space) : Object.keys(before);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(names.map((name) => [name, textOf(before[name])])),
  );
  const [refusal, setRefusal] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = names.filter((name) => texts[name] !== "");
    const params = Object.fromEntries(given.map((name) => [name, readText(texts[name])])) as Params;
    setBusy(true);
    try {
      const after = state.rows.at(-1)?.number ?? -1;
      await enqueue(about.name, params);
      const changes = changesOf(before, params);
      tries.value = [
        ...tries.value,
        { study: about.name, params, changes, after, ...(from && { from: from.number }) },
      ];
      dialog.current?.close();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="enqueue-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="enqueue-title">{from ? `Change trial ${from.number} and try` : "Try a point"}</h2>
        <p class="quiet">
          It runs next, as one of the trials, and the strategy learns from it. Leave a field empty where it
          does not apply.
        </p>
        <div class="fields">
          {names.map((name) => (
            <Field
              key={name}
              name={name}
              parameter={about.space[name]}
              text={texts[name]}
              before={textOf(before[name])}
              onText={(text) => setTexts({ ...texts, [name]: text })}
            />
          ))}
        </div>
        {refusal !== "" && (
          <p class="refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="buttons">
          <Button onClick={() => dialog.current?.close()}>Close</Button>
          <Button type="submit" isPrimary disabled={isBusy}>
            Run it next
          </Button>
        </div>
      </form>
    </dialog>
  );
}

interface FieldProps {
  readonly name: string;
  readonly parameter: Parameter | undefined;
  readonly text: string;
  readonly before: string;
  readonly onText: (text: string) => void;
}

/** A choice is a list; a number is typed, or moved along its range. */
function Field({ name, parameter, text, before, onText }: FieldProps) {
  const isChanged = text !== before;
  const label = (
    <span>
      {name}{" "}
      <small class={isChanged ? "changed" : "quiet"}>
        {isChanged ? `was ${before === "" ? "empty" : formatValue(readText(before))}` : ""}
      </small>
    </span>
  );
  if (parameter?.type === "choice")
    return (
      <label>
        {label}
        <select value={text} onChange={(event) => onText(event.currentTarget.value)}>
          {(parameter.when !== undefined || before === "") && <option value="">does not apply</option>}
          {parameter.values.map((value) => (
            <option key={valueKey(value)} value={textOf(value)}>
              {formatValue(value)}
            </option>
          ))}
        </select>
      </label>
    );
  return (
    <div>
      <TextField
        label={label}
        value={text}
        spellcheck={false}
        inputMode={parameter ? "decimal" : "text"}
        onText={onText}
      />
      {parameter && <Slider name={name} parameter={parameter} text={text} onText={onText} />}
      <small class="quiet">{parameter ? rangeText(parameter) : ""}</small>
    </div>
  );
}

/** Steps of a slider, unless the parameter has fewer values. */
const STEPS = 200;

type SliderProps = Pick<FieldProps, "name" | "text" | "onText"> & { readonly parameter: NumericParameter };

function Slider({ name, parameter, text, onText }: SliderProps) {
  const { low, high, log, type } = parameter;
  if (!(high > low)) return null;
  const every = parameter.step ?? (type === "int" ? 1 : undefined);
  const steps = every && !log ? Math.min(STEPS, Math.round((high - low) / every)) : STEPS;
  const value = Number(text);
  const share = Number.isFinite(value) && text !== "" ? shareOf(parameter, value) : 0;
  const at = (place: number): string => {
    const exact = log ? low * (high / low) ** place : low + place * (high - low);
    if (place === 0) return String(low);
    if (place === 1) return String(high);
    const near = every ? low + Math.round((exact - low) / every) * every : exact;
    return String(Number(near.toPrecision(every ? 12 : 3)));
  };
  return (
    <input
      type="range"
      min={0}
      max={steps}
      value={Math.round(steps * Math.min(1, Math.max(0, share)))}
      aria-label={`${name} along its range`}
      aria-valuetext={text}
      onInput={(event) => onText(at(event.currentTarget.valueAsNumber / steps))}
    />
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
