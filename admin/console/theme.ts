export type Theme = "light" | "dark";
const KEPT = "leakgate-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

/** What is chosen in this browser, else what the system says. */
export function theme(): Theme {
  return chosenTheme() ?? (system.matches ? "dark" : "light");
}

/** What was chosen in this browser; null: as the system says. */
export function chosenTheme(): Theme | null {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : null;
}

export function chooseTheme(chosen: Theme | null): void {
  if (chosen === null) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, chosen);
  showTheme();
}

/** Colours the page; charts follow. */
export function showTheme(): void {
  document.documentElement.dataset.theme = theme();
  for (const listener of listeners) listener();
}

/** Answers how to stop listening. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

system.addEventListener("change", showTheme);
