/** Pictures in the page: requests them from the drawing worker when they become visible, and inserts them. */

import { save } from "./elements.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const NARROW = 480;
const LETTER = 16;

/** Creates the pictures of a study. */
export class Pictures {
  worker;
  asked = new Map();
  places = new Map();
  ids = 0;
  /** Called with the number of a trial whose dot was clicked. */
  onTrial = () => {};

  constructor() {
    dark.addEventListener("change", () => this.drawAll());
    this.sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) this.draw(target);
    });
  }

  begin(about) {
    // a separate worker for each study, so that no picture of an earlier one arrives late
    this.worker?.terminate();
    this.asked.clear();
    this.worker = new Worker(new URL("./drawing.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = ({ message }) => {
      for (const { place } of this.places.values())
        place.nextElementSibling.textContent = `No picture: ${message}`;
    };
    this.worker.postMessage({ type: "study", about });
  }

  add(trials) {
    if (trials.length > 0) this.worker.postMessage({ type: "trials", trials });
  }

  /** Shows a picture in a place from now on, or with other options. */
  show(name, place, options = {}) {
    this.places.set(place, { name, options, place });
    this.sizes.observe(place);
    this.draw(place);
  }

  drawAll() {
    for (const place of this.places.keys()) this.draw(place);
  }

  /** One request at a time for each place; changes meanwhile cause one more. */
  draw(place) {
    const wanted = this.places.get(place);
    // in pixels of a page at the default font size: an SVG grows with its font
    const width = Math.round(
      (place.clientWidth * LETTER) / Number.parseFloat(getComputedStyle(place).fontSize),
    );
    if (!wanted || !this.worker || width === 0) return;
    const busy = [...this.asked.values()].find((each) => each.place === place);
    if (busy) {
      busy.again = true;
      return;
    }
    const id = this.ids++;
    this.asked.set(id, { place, again: false });
    const height = Math.round(Math.min(440, Math.max(width < NARROW ? 260 : 300, width * 0.46)));
    const { name, options } = wanted;
    const theme = dark.matches ? "dark" : "light";
    this.worker.postMessage({ type: "draw", id, name, options, theme, width, height });
  }

  /** Requests the report, and saves it on arrival. */
  report(options) {
    this.worker.postMessage({ type: "report", options });
  }

  hear({ id, svg, description, points, html }) {
    if (html) save("report.html", html, "text/html");
    const { place, again } = this.asked.get(id) ?? {};
    this.asked.delete(id);
    if (!place) return;
    place.setAttribute("aria-label", description);
    place.nextElementSibling.textContent = description;
    if (svg) this.put(place, svg, points);
    if (again) this.draw(place);
  }

  put(place, text, points) {
    const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    const own = document.importNode(svg, true);
    own.setAttribute("aria-hidden", "true"); // the place has its own label
    for (const element of own.querySelectorAll("[data-style]")) {
      element.style.cssText = element.dataset.style;
      element.removeAttribute("data-style");
    }
    place.replaceChildren(own);
    if (this.places.get(place).name !== "history") return;
    const pointOf = ({ target }) => {
      const [series, index] = ["ecmeta_series_index", "ecmeta_data_index"].map((name) =>
        target.getAttribute(name),
      );
      return series === null ? undefined : points[series]?.[index];
    };
    own.addEventListener("pointerover", (event) => {
      const point = pointOf(event);
      if (point) tip(event, `Trial ${point[0]}: ${point[1].toFixed(4)}`);
      else hideTip();
    });
    own.addEventListener("pointerleave", hideTip);
    own.addEventListener("click", (event) => {
      const point = pointOf(event);
      if (point) this.onTrial(point[0]);
    });
  }
}

const bubble = document.createElement("div");
bubble.className = "tip";
bubble.hidden = true;
bubble.ariaHidden = "true";
document.body.append(bubble);

function tip({ clientX, clientY }, text) {
  bubble.textContent = text;
  bubble.hidden = false;
  bubble.style.left = `${Math.min(clientX + 12, innerWidth - 150)}px`;
  bubble.style.top = `${clientY - 36}px`;
}

function hideTip() {
  bubble.hidden = true;
}
