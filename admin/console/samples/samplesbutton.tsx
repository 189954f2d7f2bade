import { useState } from "preact/hooks";
import type { ApiProblem } from "../api.ts";
import { say } from "../parts/said.tsx";
import { loadSamples } from "./samples.ts";

/** Loads sample leaks, to look around with. */
export function SamplesButton({ onChanged }: { readonly onChanged: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const load = async () => {
    setBusy(true);
    try {
      const isNew = await loadSamples();
      say(
        isNew ? "Three sample leaks are loaded; the page Settings removes them." : "They are there already.",
      );
      onChanged();
    } catch (error) {
      say((error as ApiProblem).message, true);
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button" disabled={isBusy} onClick={load}>
      Load sample leaks
    </button>
  );
}
