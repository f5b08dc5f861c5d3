/** The list of studies: open one, mark two to compare them, start one where the host can. */
import { useEffect, useState } from "preact/hooks";
import { hashOf } from "../state/route.js";
import type { StudyCard, StudyList } from "../wire.js";
import { listStudies, startStudy } from "./api.js";
import { Button, Card, TextField } from "./parts.js";
import { trying } from "./store.js";

const PACE = 3000;

export function StudiesPage() {
  const [list, setList] = useState<StudyList>();
  const [marked, setMarked] = useState<readonly string[]>([]);
  const read = async (): Promise<void> => setList(await listStudies());
  useEffect(() => {
    // a refusal is said once; that there is no connection, the page says by itself
    void trying(read);
    const timer = setInterval(() => void read().catch(() => {}), PACE);
    return () => clearInterval(timer);
  }, []);
  const mark = (name: string): void =>
    setMarked(marked.includes(name) ? marked.filter((each) => each !== name) : [...marked, name].slice(-2));
  if (!list) return <p class="empty">Reading the studies…</p>;
  const [one, two] = marked;
  return (
    <div class="studies">
      <div class="title">
        <div>
          <h1>Studies</h1>
          <p class="quiet">{list.source}</p>
        </div>
        {two !== undefined ? (
          <a class="button primary" href={hashOf({ page: "studiesCompared", studies: [one, two] })}>
            Compare two studies
          </a>
        ) : (
          list.studies.length > 1 && <span class="quiet">Mark two studies to compare them</span>
        )}
      </div>
      {list.studies.length === 0 && <p class="empty">There is no study yet.</p>}
      <ul class="cards">
        {list.studies.map((study) => (
          <StudyItem key={study.name} study={study} isMarked={marked.includes(study.name)} mark={mark} />
        ))}
      </ul>
      {list.canStart && <Start onStarted={() => void trying(read)} />}
    </div>
  );
}

interface ItemProps {
  readonly study: StudyCard;
  readonly isMarked: boolean;
  readonly mark: (name: string) => void;
}

function StudyItem({ study: { name, trials, finished }, isMarked, mark }: ItemProps) {
  return (
    <li class={`study ${isMarked ? "marked" : ""}`}>
      <a class="name" href={hashOf({ page: "study", study: name })}>
        {name}
      </a>
      <p>
        <b>{(finished ?? 0).toLocaleString("en")}</b>
        <span class="quiet">
          {trials === undefined ? " trials" : ` of ${trials.toLocaleString("en")} trials finished`}
        </span>
      </p>
      {trials !== undefined && (
        <progress value={finished ?? 0} max={Math.max(1, trials)} aria-label={`Finished trials of ${name}`} />
      )}
      <label class="mark">
        <input type="checkbox" checked={isMarked} onChange={() => mark(name)} />
        compare<span class="hidden"> {name}</span>
      </label>
    </li>
  );
}

function Start({ onStarted }: { onStarted: () => void }) {
  const [name, setName] = useState("");
  const [settings, setSettings] = useState("{}");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await trying(async () => startStudy(name, JSON.parse(settings)))) onStarted();
  };
  return (
    <Card title="Start a study">
      <form class="start" onSubmit={(event) => void submit(event)}>
        <TextField label="Name" required pattern="[A-Za-z0-9_\-]{1,64}" value={name} onText={setName} />
        <TextField
          label="Settings, as JSON"
          required
          value={settings}
          spellcheck={false}
          onText={setSettings}
        />
        <Button type="submit" isPrimary>
          Start
        </Button>
      </form>
    </Card>
  );
}
