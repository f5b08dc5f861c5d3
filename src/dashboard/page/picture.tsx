/** A picture of `fettle/report` in the page: drawn by ECharts as soon as that has come, and again when its numbers or its room change. */
import { useEffect, useRef } from "preact/hooks";
import type { Plot } from "../../report/plots/plot.js";
import { heightOf, onPage, pageTheme } from "./plots.js";

const isDark = matchMedia("(prefers-color-scheme: dark)");

export type Chart = ReturnType<typeof import("./charts.js")["init"]>;

interface PictureProps {
  readonly plot: Plot;
  readonly isTall?: boolean;
  /** Called each time that it was drawn, which forgets what was selected in it. */
  readonly onDrawn?: (chart: Chart) => void;
}

export function Picture({ plot, isTall = false, onDrawn }: PictureProps) {
  const box = useRef<HTMLDivElement>(null);
  const draw = useRef<() => void>(() => {});
  const last = useRef({ plot, onDrawn });
  last.current = { plot, onDrawn };

  useEffect(() => {
    let chart: Chart | undefined;
    let isOver = false;
    let width = 0;
    const fit = (): void => {
      if (!chart || !box.current) return;
      if (box.current.clientWidth === width) chart.resize();
      else draw.current();
    };
    const observer = new ResizeObserver(fit);
    draw.current = () => {
      const element = box.current;
      if (!chart || !element) return;
      const { plot, onDrawn } = last.current;
      width = element.clientWidth;
      const height = heightOf(plot, width);
      element.style.height = height === undefined ? "" : `${height}px`;
      chart.resize();
      chart.setOption(onPage(plot, isDark.matches, width), { notMerge: true });
      onDrawn?.(chart);
    };
    const begin = async (): Promise<void> => {
      const { init } = await import("./charts.js");
      if (isOver || !box.current) return;
      chart?.dispose();
      chart = init(box.current, pageTheme(isDark.matches));
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
