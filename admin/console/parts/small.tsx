import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { go, hrefOf, takeArrival } from "../location.ts";
import { absoluteTime, levelWord, relativeTime, statusWord } from "../words.ts";
import { Icon } from "./icons.tsx";
import { useMinutes } from "./minutes.ts";

interface LinkProps {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly current?: "page" | undefined;
  readonly onGo?: () => void;
}

/** A link within the console: an ordinary one for every key but a plain click. */
export function Link({ to, children, class: name, current, onGo }: LinkProps) {
  return (
    <a
      href={hrefOf(to)}
      class={name}
      aria-current={current}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        onGo?.();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

/** A time both ways: when, and how long ago. */
export function When({ at, isExact = false }: { readonly at: string; readonly isExact?: boolean }) {
  useMinutes();
  return (
    <time dateTime={at} title={absoluteTime(at, true)} class="when">
      <span>{absoluteTime(at, isExact)}</span> <span class="quiet">{relativeTime(at)}</span>
    </time>
  );
}

export function RiskBadge({ risk, level }: { readonly risk: number; readonly level: string }) {
  return (
    <span class={`badge risk-${level}`}>
      <b>{risk}</b> {levelWord(level)}
    </span>
  );
}

export function StatusBadge({ status }: { readonly status: string }) {
  return <span class={`badge status-${status}`}>{statusWord(status)}</span>;
}

/** A condition that holds, and a way to be rid of it. */
export function Chip({
  children,
  label,
  onRemove,
}: {
  readonly children: ComponentChildren;
  readonly label: string;
  readonly onRemove: () => void;
}) {
  return (
    <span class="chip">
      {children}
      <button type="button" aria-label={`Remove filter ${label}`} onClick={onRemove}>
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}

/** The head of a page: its name, and what one can do there. */
export function PageHead({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Who follows a link hears the new page's name; not at the very first page.
  useEffect(() => {
    if (takeArrival()) heading.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    document.title = `${title} - Leakgate`;
  }, [title]);
  return (
    <header class="page-head">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <div class="page-acts">{children}</div>
    </header>
  );
}

/** An address out of the console: the page there is not told from where one comes. */
export function Address({ url }: { readonly url: string }) {
  if (!/^https?:/.test(url)) return <>{url}</>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {url}
    </a>
  );
}
