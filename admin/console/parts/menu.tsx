import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icons.tsx";

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly onChoose: () => void;
}

/** A button that opens a list of things to do; arrows, Home, End and Escape work as in any menu. */
export function Menu({ label, items }: { readonly label: string; readonly items: readonly MenuItem[] }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  // Before the browser goes on: the next key is for the list.
  useLayoutEffect(() => {
    if (!isOpen) return;
    const closeOutside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const [button, list] = root.current!.children as unknown as [HTMLElement, HTMLElement];
    const follow = () => place(list, button.getBoundingClientRect());
    follow();
    document.addEventListener("pointerdown", closeOutside);
    addEventListener("scroll", follow, true);
    addEventListener("resize", follow);
    list.querySelector<HTMLElement>("[role=menuitem]")?.focus({ preventScroll: true });
    return () => {
      document.removeEventListener("pointerdown", closeOutside);
      removeEventListener("scroll", follow, true);
      removeEventListener("resize", follow);
    };
  }, [isOpen]);

  const move = (event: KeyboardEvent) => {
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      setOpen(false);
      root.current?.querySelector("button")?.focus();
      if (event.key === "Escape") event.stopPropagation();
    }
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  };

  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class="icon-button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <div id={id} class="menu-list" role="menu" tabIndex={-1} aria-label={label} onKeyDown={move}>
          {items.map(({ label: text, icon, onChoose }) => (
            <button
              key={text}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                setOpen(false);
                root.current?.querySelector("button")?.focus();
                onChoose();
              }}
            >
              {icon && <Icon name={icon} size={16} />}
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Pixels between the list and its button, or the edge of the window. */
const GAP_PX = 4;

/** Below the button and flush with its end, else above it; of the window, since a table would cut it off. */
function place(list: HTMLElement, button: DOMRect): void {
  const { width, height } = list.getBoundingClientRect();
  const below = button.bottom + GAP_PX;
  const top = below + height + GAP_PX > innerHeight ? button.top - GAP_PX - height : below;
  list.style.top = `${Math.max(GAP_PX, top)}px`;
  list.style.left = `${Math.max(GAP_PX, button.right - width)}px`;
}
