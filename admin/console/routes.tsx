import type { ComponentChildren } from "preact";
import { LeaksPage } from "./leaks/leaks.tsx";
import { Link, PageHead } from "./parts/small.tsx";
import { Notice } from "./parts/states.tsx";

/** A page of the console. */
export interface Page {
  /** Where it stands in the navigation. */
  readonly section: string;
  readonly title: string;
  readonly render: () => ComponentChildren;
}

/** The page at a path. */
export function pageOf(path: string): Page {
  switch (path) {
    case "/":
    case "/leaks":
      return { section: "/", title: "API Leaks", render: () => <LeaksPage /> };
    default:
      return { section: "", title: "Not found", render: () => <NotFound /> };
  }
}

function NotFound() {
  return (
    <>
      <PageHead title="Not found" />
      <Notice icon="search" title="There is no such page">
        <p>
          <Link to="/">Go to API Leaks</Link>
        </p>
      </Notice>
    </>
  );
}
