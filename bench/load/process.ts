import { runAutocannon, stopAutocannon } from "./autocannon.ts";
import { runNet } from "./net.ts";
import type { LoadOrder, LoadResult } from "./order.ts";
import { runStream } from "./stream.ts";
import { runWrk } from "./wrk.ts";

/** Entry of the load generator's process: runs one order after the other. */
function run(order: LoadOrder): Promise<LoadResult> {
  if (order.stream !== undefined) return runStream(order);
  if (order.engine === "wrk") return runWrk(order);
  return order.engine === "net" ? runNet(order) : runAutocannon(order);
}

process.on("disconnect", () => process.exit());
process.on("message", async (order: LoadOrder | "stop") => {
  if (order === "stop") {
    stopAutocannon();
    return;
  }
  try {
    process.send?.(await run(order));
  } catch (error) {
    process.send?.({ failed: (error as Error).message });
  }
});
process.send?.("up");
