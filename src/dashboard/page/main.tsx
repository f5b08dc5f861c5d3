/** The page of the dashboard. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { hashOf, type Route } from "../state/route.js";
import { takeKey } from "./api.js";
import { ComparePage, StudiesComparedPage } from "./comparePages.js";
import { message, route } from "./store.js";
import { StudiesPage } from "./studiesPage.js";
import { StudyPage } from "./studyPage.js";
import { TrialPage } from "./trialPage.js";

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
              <a href={hashOf({ page: "study", study })}>{study}</a>
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
      {message.value !== undefined && (
        <p class="refusal top" role="alert">
          {message.value}
        </p>
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
  if (at.page === "studiesCompared") return <StudiesComparedPage names={at.studies} />;
  return <StudiesPage />;
}

takeKey();
render(<App />, document.getElementById("app") as HTMLElement);
