interface SparklineProps {
  readonly values: readonly number[];
  readonly label: string;
}

const WIDTH = 240;
const HEIGHT = 44;

/** A row of small bars without axes; what it says stands in its label and beside it. */
export function Sparkline({ values, label }: SparklineProps) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      {values.map((value, at) => {
        const height = value === 0 ? 1 : Math.max(3, (value / most) * HEIGHT);
        return (
          <rect
            // The place in the row is what a bar is.
            key={`${at}`}
            class={value === 0 ? "is-none" : ""}
            x={at * step + step * 0.12}
            y={HEIGHT - height}
            width={step * 0.76}
            height={height}
          />
        );
      })}
    </svg>
  );
}
