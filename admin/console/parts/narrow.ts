import { useEffect, useState } from "preact/hooks";

/** As the style sheets draw the line below which tables become lists of cards. */
const narrow = matchMedia("(max-width: 46rem)");

/** Whether tables have no head: what stands there must then stand elsewhere. */
export function useIsNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(narrow.matches);
  useEffect(() => {
    const look = () => setNarrow(narrow.matches);
    narrow.addEventListener("change", look);
    return () => narrow.removeEventListener("change", look);
  }, []);
  return isNarrow;
}
