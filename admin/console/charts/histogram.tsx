import { absoluteTime, fullNumber } from "../words.ts";
import { Chart } from "./chart.tsx";

export interface Series {
  readonly name: string;
  readonly values: readonly number[];
  readonly color: string;
}

interface HistogramProps {
  readonly label: string;
  readonly from: string;
  readonly bucketMs: number;
  readonly series: readonly Series[];
  readonly height: number;
  /** The stretch that was drawn over with the pointer, as times. */
  readonly onBrush?: (from: Date, to: Date) => void;
  /** The stretch of the bar that was clicked, in ISO 8601. */
  readonly onChoose?: (from: string, to: string) => void;
}

/** Counts over time as stacked bars. The colours are never alone: the legend beside it has the sums. */
export function Histogram({ label, from, bucketMs, series, height, onBrush, onChoose }: HistogramProps) {
  const start = new Date(from).getTime();
  const buckets = series[0]?.values.length ?? 0;
  const at = (bucket: number) => new Date(start + bucket * bucketMs);
  const days = (bucketMs * buckets) / 86_400_000;
  const isLong = days > 3;
  const dayOf = (bucket: number) => at(bucket).toDateString();
  const axisWord = (bucket: number) =>
    at(bucket).toLocaleString(
      undefined,
      isLong
        ? { month: "short", day: "numeric" }
        : { ...(days > 1.1 && { weekday: "short" }), hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    );
  const brushed = (first: number, last: number) =>
    onBrush?.(at(Math.max(0, Math.round(first))), at(Math.min(buckets, Math.round(last) + 1)));

  return (
    <Chart
      label={label}
      height={height}
      drawnOf={JSON.stringify([start, bucketMs, series])}
      {...(onBrush === undefined ? {} : { onBrush: brushed })}
      {...(onChoose === undefined
        ? {}
        : {
            onChoose: (_: string, bucket: number) =>
              onChoose(at(bucket).toISOString(), at(bucket + 1).toISOString()),
          })}
      option={(color) => ({
        grid: { left: 4, right: 8, top: 10, bottom: 2, containLabel: true },
        // Drawn on the canvas: one of HTML would need style attributes, which the page's policy forbids.
        tooltip: {
          trigger: "axis",
          renderMode: "richText",
          confine: true,
          backgroundColor: color("raised"),
          borderColor: color("line"),
          textStyle: { color: color("text"), fontSize: 12 },
          formatter: (given: { dataIndex: number; seriesName: string; value: number }[]) =>
            [
              absoluteTime(at(given[0]?.dataIndex ?? 0).toISOString()),
              ...given.map(({ seriesName, value }) => `${seriesName}: ${fullNumber(value)}`),
            ].join("\n"),
        },
        xAxis: {
          type: "category",
          data: Array.from({ length: buckets }, (_, bucket) => axisWord(bucket)),
          axisTick: { show: false },
          axisLine: { lineStyle: { color: color("line") } },
          axisLabel: {
            color: color("text-quiet"),
            fontSize: 11,
            hideOverlap: true,
            // Of several bars of a day the first is named.
            ...(isLong
              ? { interval: (bucket: number) => bucket === 0 || dayOf(bucket) !== dayOf(bucket - 1) }
              : {}),
          },
        },
        yAxis: {
          type: "value",
          minInterval: 1,
          splitNumber: 3,
          axisLabel: { color: color("text-quiet"), fontSize: 11 },
          splitLine: { lineStyle: { color: color("line") } },
        },
        ...(onBrush === undefined
          ? {}
          : {
              brush: {
                xAxisIndex: 0,
                brushLink: "all",
                brushStyle: { color: `${color("accent")}33`, borderColor: color("accent"), borderWidth: 1 },
                outOfBrush: { colorAlpha: 0.4 },
              },
            }),
        series: series.map(({ name, values, color: hue }) => ({
          type: "bar",
          name,
          stack: "all",
          barCategoryGap: "18%",
          itemStyle: { color: color(hue) },
          data: [...values],
        })),
      })}
    />
  );
}
