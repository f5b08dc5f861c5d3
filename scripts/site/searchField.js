/**
 * The search field of each page: loads the index when it is first used, and lists the best parts of pages.
 */
import MiniSearch from "minisearch";
import { OPTIONS } from "./searchOptions.js";

const MOST = 8;

const form = document.getElementById("search");
const [input, list, status] = form.querySelectorAll("input, ol, p");
const up = form.dataset.up;
let index;

/** The index, loaded once. */
const loaded = () =>
  (index ??= fetch(`${up}search.json`)
    .then((response) => response.text())
    .then((text) => MiniSearch.loadJSON(text, OPTIONS)));

function entryOf({ id, title, heading }) {
  const link = document.createElement("a");
  link.href = up + id;
  const name = document.createElement("strong");
  name.textContent = heading || title;
  link.append(name);
  if (heading) link.append(` ${title}`);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

async function search() {
  const query = input.value.trim();
  const found = query === "" ? [] : (await loaded()).search(query);
  if (input.value.trim() !== query) return; // a later search is on its way
  list.replaceChildren(...found.slice(0, MOST).map(entryOf));
  list.hidden = found.length === 0;
  status.textContent =
    query === "" ? "" : found.length === 0 ? "Nothing found" : `${found.length} parts found`;
}

form.hidden = false;
input.addEventListener("focus", loaded, { once: true });
input.addEventListener("input", search);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await search();
  list.querySelector("a")?.click();
});
form.addEventListener("keydown", (event) => {
  const places = [input, ...list.querySelectorAll("a")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    input.value = "";
    search();
    input.focus();
  } else if (step !== undefined) {
    event.preventDefault();
    places[(places.indexOf(document.activeElement) + step + places.length) % places.length]?.focus();
  }
});
document.addEventListener("click", (event) => {
  if (!form.contains(event.target)) list.hidden = true;
});
