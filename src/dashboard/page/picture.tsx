/** A picture of `fettle/report` in the page: drawn by ECharts as soon as that has come, and again when its numbers change. */
import { useEffect, useRef } from "preact/hooks";
import type { Plot } from "../../report/plots/plot.js";
import { onPage, pageTheme } from "./plots.js";

const isDark = matchMedia("(prefers-color-scheme: dark)");

type Chart = ReturnType<typeof import("./charts.js")["init"]>;

export function Picture({ plot, isTall = false }: { plot: Plot; isTall?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const draw = useRef<(plot: Plot) => void>(() => {});
  const last = useRef(plot);
  last.current = plot;

  useEffect(() => {
    let chart: Chart | undefined;
    let isOver = false;
    const observer = new ResizeObserver(() => chart?.resize());
    const begin = async (): Promise<void> => {
      const { init } = await import("./charts.js");
      if (isOver || !box.current) return;
      chart?.dispose();
      chart = init(box.current, pageTheme(isDark.matches));
      observer.observe(box.current);
      draw.current(last.current);
    };
    draw.current = (next) => chart?.setOption(onPage(next, isDark.matches), { notMerge: true });
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
  useEffect(() => draw.current(plot), [plot]);

  const { title, description } = plot;
  return (
    <figure class="picture">
      <div ref={box} role="img" aria-label={`${title}. ${description}`} class={isTall ? "tall" : ""} />
      <figcaption>{description}</figcaption>
    </figure>
  );
}
