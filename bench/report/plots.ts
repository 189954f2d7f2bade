import * as echarts from "echarts";
import { type Estimate, estimate } from "../stats/bootstrap.ts";
import { RULES_TOKENS } from "../workloads/workload.ts";
import { addedUs, cpuOf, estimateOf, find, type Proof } from "./proof.ts";

const WIDTH = 860;
/** Seen on white and on black alike. */
const OURS = "#2f9e6e";
const THEIRS = "#7d8ca3";
const SHADES = ["#9bb3d6", "#5b86c4", "#2c5fa8"];
const GRID = "#8884";
const MARK = "#d9822b";
/** A reader's colour scheme decides, also where the picture is an image in a page. */
const STYLE =
  "<style>text{fill:#454c56;stroke:none;font-family:system-ui,sans-serif}@media(prefers-color-scheme:dark){text{fill:#c3cad4}}</style>";

/** The pictures of a proof, by file name; only those whose workload was run. */
export function plots(proof: Proof): ReadonlyMap<string, string> {
  const all = [
    ["cpu.svg", cpuBars(proof)],
    ["latency.svg", latencyBars(proof)],
    ["rules.svg", rulesLine(proof)],
  ] as const;
  return new Map(all.flatMap(([name, option]) => (option === null ? [] : [[name, render(option)] as const])));
}

type Option = echarts.EChartsOption & { readonly height: number };

function render({ height, ...option }: Option): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({ animation: false, backgroundColor: "transparent", ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg.replace(/(<svg[^>]*>)/, `$1${STYLE}`)}\n`;
}

function cpuBars(proof: Proof): Option | null {
  const result = proof.workloads.find(({ name }) => name === "get-small");
  const bars = (result?.series ?? [])
    .flatMap((each) => {
      const cpu = estimateOf(each, cpuOf);
      return cpu === null ? [] : [{ name: each.name, isOurs: each.family.startsWith("leakgate"), cpu }];
    })
    .sort((a, b) => b.cpu.median - a.cpu.median);
  if (bars.length === 0) return null;
  return {
    height: 90 + bars.length * 26,
    title: title(
      "CPU per request, microseconds",
      `${result!.title}; bars end at the median, marks span 95 %`,
    ),
    grid: { left: 190, right: 60, top: 60, bottom: 24 },
    xAxis: { type: "value", splitLine: { lineStyle: { color: GRID } } },
    yAxis: { type: "category", data: bars.map(({ name }) => name), axisTick: { show: false } },
    series: [
      {
        type: "bar",
        barWidth: "62%",
        data: bars.map(({ cpu, isOurs }) => ({
          value: cpu.median,
          itemStyle: { color: isOurs ? OURS : THEIRS },
        })),
      },
      intervals(
        bars.map(({ cpu }, index) => [cpu.low, index, cpu.high]),
        "y",
      ),
      {
        type: "scatter",
        symbolSize: 0,
        data: bars.map(({ cpu }, index) => [cpu.high, index]),
        label: {
          show: true,
          position: "right",
          formatter: ({ dataIndex }) => bars[dataIndex]!.cpu.median.toFixed(1),
        },
      },
    ],
  };
}

function latencyBars(proof: Proof): Option | null {
  const result = proof.workloads.find(({ name }) => name === "half-load");
  const direct = find(proof, "half-load", ["direct"]);
  if (result === undefined || direct === null) return null;
  const others = result.series.filter((each) => each !== direct);
  const percentiles = ["p50", "p99", "p999"] as const;
  const added = (index: number, percentile: (typeof percentiles)[number]) =>
    estimate(addedUs(others[index]!, direct, percentile).filter((value) => value !== null))?.median ?? 0;
  return {
    height: 340,
    title: title(
      "Latency over direct, microseconds",
      `open loop, ${result.perSecond} requests/s, from when a request was to start; medians of the rounds`,
    ),
    legend: { top: 50, left: 60 },
    grid: { left: 70, right: 30, top: 96, bottom: 30 },
    xAxis: { type: "category", data: others.map(({ name }) => name), axisTick: { show: false } },
    // The percentiles lie a hundredfold apart.
    yAxis: { type: "log", splitLine: { lineStyle: { color: GRID } } },
    series: percentiles.map((percentile, index) => ({
      type: "bar" as const,
      name: percentile === "p999" ? "p99.9" : percentile,
      itemStyle: { color: SHADES[index]! },
      data: others.map((_, other) => Math.max(1, Math.round(added(other, percentile)))),
      // A difference of noisy percentiles may be below nothing; the bar cannot show that, its label does.
      label: {
        show: true,
        position: "top" as const,
        formatter: ({ dataIndex }: { readonly dataIndex: number }) =>
          Math.round(added(dataIndex, percentile)).toLocaleString("en-GB"),
      },
    })),
  };
}

function rulesLine(proof: Proof): Option | null {
  const points = RULES_TOKENS.flatMap((tokens) => {
    const series = find(proof, "rules", [`leakgate-${tokens}`]);
    const cpu = series === null ? null : estimateOf(series, cpuOf);
    return cpu === null ? [] : [{ tokens, cpu }];
  });
  if (points.length < 2) return null;
  return {
    height: 320,
    title: title("CPU per request by the number of tokens, microseconds", "whole requests; marks span 95 %"),
    grid: { left: 60, right: 30, top: 64, bottom: 40 },
    xAxis: {
      type: "category",
      data: points.map(({ tokens }) => tokens.toLocaleString("en-GB")),
    },
    yAxis: { type: "value", min: 0, splitLine: { lineStyle: { color: GRID } } },
    series: [
      {
        type: "line",
        symbolSize: 8,
        itemStyle: { color: OURS },
        lineStyle: { color: OURS, width: 2 },
        data: points.map(({ cpu }) => Number(cpu.median.toFixed(1))),
        label: { show: true, position: "bottom", distance: 30 },
      },
      intervals(
        points.map(({ cpu }: { cpu: Estimate }, index) => [cpu.low, index, cpu.high]),
        "x",
      ),
    ],
  };
}

function title(text: string, subtext: string) {
  return { text, subtext, left: 8, top: 4, textStyle: { fontSize: 15 }, subtextStyle: { fontSize: 12 } };
}

/** Lines from low to high with a stroke at both ends, along the axis that is not the category's. */
function intervals(rows: readonly (readonly number[])[], category: "x" | "y"): echarts.CustomSeriesOption {
  const half = 5;
  return {
    type: "custom",
    data: rows.map((row) => [...row]),
    encode: category === "y" ? { x: [0, 2], y: 1 } : { x: 1, y: [0, 2] },
    z: 3,
    renderItem: (_params, api) => {
      const place = (column: number) => {
        const pair = [api.value(column), api.value(1)];
        return api.coord(category === "y" ? pair : pair.reverse()) as [number, number];
      };
      const [low, high] = [place(0), place(2)];
      const across = ([x, y]: [number, number]) =>
        category === "y"
          ? { x1: x, y1: y - half, x2: x, y2: y + half }
          : { x1: x - half, y1: y, x2: x + half, y2: y };
      const style = { stroke: MARK, lineWidth: 1.5 };
      const lines = [{ x1: low[0], y1: low[1], x2: high[0], y2: high[1] }, across(low), across(high)];
      return {
        type: "group",
        children: lines.map((shape) => ({ type: "line" as const, shape, style })),
      };
    },
  };
}
