import { useEffect, useState } from "preact/hooks";

/** Where in the console we are: the path below `/console`, and what stands behind the question mark. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const BASE = "/console";
const listeners = new Set<() => void>();

function placeNow(): Place {
  const path = location.pathname.slice(BASE.length).replace(/\/+$/, "");
  return { path: path === "" ? "/" : path, query: new URLSearchParams(location.search) };
}

let place = placeNow();
/** What was looked for when a page was left. */
const left = new Map<string, string>();
let hasArrived = false;
let isBack = false;

function moved(wentBack = false): void {
  const before = place;
  place = placeNow();
  isBack = wentBack;
  if (before.path !== place.path) {
    const query = new URLSearchParams(before.query);
    query.delete("tenant");
    left.set(before.path, readable(query));
    hasArrived = true;
  }
  for (const listener of listeners) listener();
}

addEventListener("popstate", () => moved(true));

/** Whether we came to another page since this was asked last: its heading takes the focus then. */
export function takeArrival(): boolean {
  const arrived = hasArrived;
  hasArrived = false;
  return arrived;
}

/** The next page that is shown is one that somebody comes to. */
export function arrive(): void {
  hasArrived = true;
}

/** Whether we are where we are by the browser's own Back or Forward. */
export const cameBack = () => isBack;

/** A page with what was looked for when it was left. */
export function asLeft(path: string): string {
  const query = left.get(path) ?? "";
  return query === "" ? path : `${path}?${query}`;
}

/** The place we are at; renders again when it changes. */
export function usePlace(): Place {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = () => again((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return place;
}

/** Goes to a path of the console; with `replaces` the place before is not in the browser's history. */
export function go(to: string, replaces = false): void {
  move(hrefOf(to), replaces);
}

function move(url: string, replaces: boolean): void {
  if (replaces) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  moved();
}

/** The address of a path of the console, with the tenant that is looked at. */
export function hrefOf(to: string): string {
  const [path = "/", search = ""] = to.split("?", 2);
  const query = new URLSearchParams(search);
  const tenant = place.query.get("tenant");
  if (tenant !== null && !query.has("tenant")) query.set("tenant", tenant);
  const text = readable(query);
  return `${BASE}${path}${text === "" ? "" : `?${text}`}`;
}

/** Sets parameters of the place we are at; null and "" take one away. */
export function setQuery(changes: Readonly<Record<string, string | null>>, replaces = false): void {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = readable(query);
  // Not by hrefOf, which would bring back a tenant that was taken away.
  move(`${BASE}${place.path}${text === "" ? "" : `?${text}`}`, replaces);
}

/** Goes to a page of another tenant (null: the default one). What was filtered by here means nothing there. */
export function goToTenant(tenant: string | null, path: string): void {
  left.clear();
  move(`${BASE}${path}${tenant === null ? "" : `?tenant=${encodeURIComponent(tenant)}`}`, false);
}

/** Commas and colons may stand as they are, and people read them. */
function readable(query: URLSearchParams): string {
  return query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}
