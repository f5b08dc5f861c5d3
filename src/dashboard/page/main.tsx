/** The page of the dashboard. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { hashOf, type Route } from "../state/route.js";
import { connection } from "./api.js";
import { ComparePage } from "./comparePage.js";
import { Dismiss } from "./parts.js";
import { message, route } from "./store.js";
import { StudiesComparedPage } from "./studiesComparedPage.js";
import { StudiesPage } from "./studiesPage.js";
import { StudyPage } from "./studyPage.js";
import { TrialPage } from "./trialPage.js";

const WORDS = {
  lost: "The dashboard does not answer; its command may have ended. What is shown may be old. This page tries again until it answers.",
  locked:
    "This page has no valid key. Open the address that the command printed last, in this browser: this page then goes on by itself.",
};

function App() {
  const at = route.value;
  const study = "study" in at ? at.study : undefined;
  useEffect(() => {
    document.title = study === undefined ? "Fettle" : `${study} – Fettle`;
    document.querySelector("main")?.scrollTo(0, 0);
    const back = (event: KeyboardEvent): void => {
      // a dialog takes Escape for itself
      if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
      if (at.page === "study" || at.page === "studiesCompared") location.hash = "#/";
      else if (study !== undefined) location.hash = hashOf({ page: "study", study });
    };
    addEventListener("keydown", back);
    return () => removeEventListener("keydown", back);
  }, [at]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <header class="bar">
        <a class="brand" href="#/">
          <img src="icon.svg" alt="" width="24" height="24" /> Fettle
        </a>
        <nav aria-label="Where you are">
          <a href="#/">Studies</a>
          {study !== undefined && (
            <>
              <span aria-hidden="true">/</span>
              <a class="long" href={hashOf({ page: "study", study })}>
                {study}
              </a>
            </>
          )}
          {at.page === "trial" && (
            <>
              <span aria-hidden="true">/</span>
              <span>trial {at.trial}</span>
            </>
          )}
        </nav>
      </header>
      {connection.value !== "open" && (
        <p class="refusal top" role="alert">
          {WORDS[connection.value]}
        </p>
      )}
      {message.value !== undefined && (
        <div class="refusal top" role="alert">
          <span>{message.value}</span>
          <Dismiss onClick={() => (message.value = undefined)} />
        </div>
      )}
      <main id="main" tabIndex={-1}>
        <Content at={at} />
      </main>
    </>
  );
}

function Content({ at }: { at: Route }) {
  if (at.page === "study") return <StudyPage key={at.study} name={at.study} />;
  if (at.page === "trial") return <TrialPage key={at.study} name={at.study} number={at.trial} />;
  if (at.page === "compare") return <ComparePage key={at.study} name={at.study} trials={at.trials} />;
  if (at.page === "studiesCompared")
    return <StudiesComparedPage key={at.studies.join("/")} names={at.studies} trials={at.trials} />;
  return <StudiesPage />;
}

render(<App />, document.getElementById("app") as HTMLElement);
