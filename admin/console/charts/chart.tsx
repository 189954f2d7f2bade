import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef } from "preact/hooks";
import { onTheme } from "../theme.ts";

/** The colours of the page as a chart draws them. */
export type Colors = (name: string) => string;

interface ChartProps {
  /** What it shows, in words; its numbers stand beside it as text. */
  readonly label: string;
  readonly height: number;
  /** Drawn again when this changes. */
  readonly drawnOf: string;
  readonly option: (colors: Colors) => EChartsCoreOption;
  /** The piece that was clicked: its name, and its number from 0. */
  readonly onChoose?: (name: string, index: number) => void;
  /** A stretch of a bar chart was drawn over: from the first to the last of its bars. */
  readonly onBrush?: (first: number, last: number) => void;
}

const colors: Colors = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

/** A drawing by ECharts, which is loaded when the first one is shown; the place is kept until then. */
export function Chart({ label, height, drawnOf, option, onChoose, onBrush }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const latest = useRef({ option, onChoose, onBrush });
  latest.current = { option, onChoose, onBrush };
  const isBrushed = onBrush !== undefined;

  const draw = useRef(() => {
    const drawn = { animation: !isCalm.matches, animationDuration: 350, ...latest.current.option(colors) };
    chart.current?.setOption(drawn, { notMerge: true });
    if (latest.current.onBrush === undefined) return;
    const brushOption = { brushType: "lineX", brushMode: "single" };
    chart.current?.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption });
  });

  useEffect(() => {
    let isGone = false;
    const element = frame.current!;
    const resized = new ResizeObserver(() => chart.current?.resize());
    void import("./echarts.ts").then(({ init }) => {
      if (isGone) return;
      const made = init(element, null, { renderer: "canvas" });
      chart.current = made;
      made.on("click", ({ name, dataIndex }) => latest.current.onChoose?.(name, dataIndex));
      made.on("brushEnd", (given) => {
        const [area] = (given as { areas?: { coordRange: [number, number] }[] }).areas ?? [];
        if (area === undefined) return;
        made.dispatchAction({ type: "brush", areas: [] });
        latest.current.onBrush?.(area.coordRange[0], area.coordRange[1]);
      });
      resized.observe(element);
      draw.current();
    });
    const stop = onTheme(() => draw.current());
    return () => {
      isGone = true;
      stop();
      resized.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (drawnOf !== "") draw.current();
  }, [drawnOf]);

  return (
    <div
      class={isBrushed ? "chart is-brushed" : "chart"}
      role="img"
      aria-label={label}
      ref={frame}
      style={{ height: `${height}px` }}
    />
  );
}
