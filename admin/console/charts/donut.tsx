import type { ComponentChildren } from "preact";
import { Chart } from "./chart.tsx";

export interface Slice {
  readonly name: string;
  readonly value: number;
  /** A colour of the page, by its name: `cat-1`. */
  readonly color: string;
}

interface DonutProps {
  readonly label: string;
  readonly slices: readonly Slice[];
  /** Those that are filtered by; the others fade. None: all are shown alike. */
  readonly chosen: readonly string[];
  readonly onChoose: (name: string) => void;
  /** What stands in the middle. */
  readonly children: ComponentChildren;
  readonly size: number;
  readonly isThin?: boolean;
}

/** A ring of slices; a click filters. */
export function Donut({ label, slices, chosen, onChoose, children, size, isThin = false }: DonutProps) {
  return (
    <div class="donut" style={{ width: `${size}px`, height: `${size}px` }}>
      <Chart
        label={label}
        height={size}
        drawnOf={JSON.stringify([slices, chosen])}
        onChoose={onChoose}
        option={(color) => ({
          series: [
            {
              type: "pie",
              radius: isThin ? ["80%", "97%"] : ["64%", "96%"],
              label: { show: false },
              labelLine: { show: false },
              emphasis: { scale: false },
              data: slices.map((slice) => ({
                name: slice.name,
                value: slice.value,
                itemStyle: {
                  color: color(slice.color),
                  borderColor: color("card"),
                  borderWidth: slices.length > 1 && !isThin ? 2 : 0,
                  opacity:
                    chosen.length === 0 || chosen.includes(slice.name) || slice.color === "sunken" ? 1 : 0.22,
                },
              })),
            },
          ],
        })}
      />
      <div class="donut-middle">{children}</div>
    </div>
  );
}
