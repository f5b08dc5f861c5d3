/**
 * A picture of `fettle/report` in the page: drawn by ECharts as soon as that has come, and again when its
 * numbers or its room change.
 */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Plot } from "../../report/plots/plot.js";
import { heightOf, onPage, pageTheme } from "./plots.js";

const isDark = matchMedia("(prefers-color-scheme: dark)");

/** Resolves after the next frame has been drawn. */
const nextFrame = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

/** One picture begins after another, since each takes two frames. */
let turns: Promise<void> = Promise.resolve();

/** Gives a chart the room of its element; one that has it is not drawn again. */
function takeRoom(chart: Chart, { clientWidth, clientHeight }: Element): void {
  if (chart.getWidth() !== clientWidth || chart.getHeight() !== clientHeight) chart.resize();
}

function withoutData(plot: Plot): Plot {
  const series = [plot.option.series].flat().map((each) => ({ ...(each as object), data: [] }));
  return { ...plot, option: { ...plot.option, series } };
}

export type Chart = ReturnType<typeof import("./charts.js")["init"]>;

interface PictureProps {
  readonly plot: Plot;
  readonly isTall?: boolean;
  /** Called each time that it was drawn, which forgets what was selected in it. */
  readonly onDrawn?: (chart: Chart) => void;
}

export function Picture({ plot, isTall = false, onDrawn }: PictureProps) {
  const box = useRef<HTMLDivElement>(null);
  const draw = useRef<(isFirst?: boolean) => void>(() => {});
  const last = useRef({ plot, onDrawn });
  last.current = { plot, onDrawn };

  // ends as its element goes: what useEffect returns is called later, when a turn may have come
  useLayoutEffect(() => {
    let chart: Chart | undefined;
    let isOver = false;
    let width = 0;
    const fit = (): void => {
      if (!chart || !box.current) return;
      if (box.current.clientWidth === width) takeRoom(chart, box.current);
      else draw.current();
    };
    const observer = new ResizeObserver(fit);
    draw.current = (isFirst = false) => {
      const element = box.current;
      if (!chart || !element) return;
      const { plot, onDrawn } = last.current;
      width = element.clientWidth;
      const height = heightOf(plot, width);
      element.style.height = height === undefined ? "" : `${height}px`;
      takeRoom(chart, element);
      const option = onPage(isFirst ? withoutData(plot) : plot, isDark.matches, width);
      // drawn in a frame of its own, unless something follows at once
      chart.setOption(option, { notMerge: true, lazyUpdate: isFirst || !onDrawn });
      if (!isFirst) onDrawn?.(chart);
    };
    const begin = async (): Promise<void> => {
      const { init } = await import("./charts.js");
      turns = turns.then(nextFrame).then(nextFrame);
      await turns;
      if (isOver || !box.current) return;
      chart?.dispose();
      chart = init(box.current, pageTheme(isDark.matches));
      // the axes first: all at once, by code that has never run, holds the page up
      draw.current(true);
      await nextFrame();
      if (isOver) return;
      draw.current();
      observer.observe(box.current);
    };
    const again = (): void => void begin();
    again();
    isDark.addEventListener("change", again);
    return () => {
      isOver = true;
      isDark.removeEventListener("change", again);
      observer.disconnect();
      chart?.dispose();
    };
  }, []);
  useEffect(() => draw.current(), [plot]);

  const { title, description } = plot;
  return (
    <figure class="picture">
      <div ref={box} role="img" aria-label={`${title}. ${description}`} class={isTall ? "tall" : ""} />
      <figcaption>{description}</figcaption>
    </figure>
  );
}
