import type { ComponentChildren } from "preact";
import { AuditPage } from "./audit/audit.tsx";
import { EventsPage } from "./events/events.tsx";
import { KeysPage } from "./keys/keys.tsx";
import { LeakPage } from "./leak/leak.tsx";
import { LeaksPage } from "./leaks/leaks.tsx";
import { Link, PageHead } from "./parts/small.tsx";
import { Notice } from "./parts/states.tsx";
import { RulesPage } from "./rules/rules.tsx";
import { SettingsPage } from "./settings/settings.tsx";
import { SourcesPage } from "./sources/sources.tsx";
import { StatusPage } from "./status/status.tsx";

/** A page of the console. */
export interface Page {
  /** Where it stands in the navigation. */
  readonly section: string;
  readonly title: string;
  readonly render: () => ComponentChildren;
}

/** The page at a path. */
export function pageOf(path: string): Page {
  const leak = /^\/leaks\/(leak-\d{1,15})$/.exec(path)?.[1];
  if (leak !== undefined)
    return { section: "/", title: leak, render: () => <LeakPage key={leak} id={leak} /> };
  return PAGES[path] ?? { section: "", title: "Not found", render: () => <NotFound /> };
}

const leaks: Page = { section: "/", title: "API Leaks", render: () => <LeaksPage /> };
const PAGES: Readonly<Record<string, Page>> = {
  "/": leaks,
  "/leaks": leaks,
  "/events": { section: "/events", title: "Events", render: () => <EventsPage /> },
  "/sources": { section: "/sources", title: "Sources", render: () => <SourcesPage /> },
  "/rules": { section: "/rules", title: "Rules", render: () => <RulesPage /> },
  "/keys": { section: "/keys", title: "Keys and users", render: () => <KeysPage /> },
  "/audit": { section: "/audit", title: "Audit", render: () => <AuditPage /> },
  "/settings": { section: "/settings", title: "Settings", render: () => <SettingsPage /> },
  "/status": { section: "/status", title: "Status", render: () => <StatusPage /> },
};

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
