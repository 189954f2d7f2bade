import { BarChart, LineChart, PieChart } from "echarts/charts";
import { BrushComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

// What the console draws, and nothing else of a large library.
use([PieChart, BarChart, LineChart, GridComponent, TooltipComponent, BrushComponent, CanvasRenderer]);

export { init };
