import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** A panel stands at the side and is as high as the window. */
  readonly kind?: "dialog" | "panel";
}

/** A modal `<dialog>`: the browser keeps the focus in it, closes it by Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, kind = "dialog" }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current!;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={kind}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" class="icon-button" aria-label="Close the dialog" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  /** What follows from it, in a sentence. */
  readonly consequence: string;
  readonly label: string;
  readonly onClose: () => void;
  /** Carries it out; what it throws is shown, and the dialog stays. */
  readonly onConfirmed: () => Promise<void>;
}

/** Asks once more, and says what follows. */
export function Confirm({ title, consequence, label, onClose, onConfirmed }: ConfirmProps) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const carryOut = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onConfirmed();
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={carryOut}>
        <div class="dialog-body">
          <p class="consequence">{consequence}</p>
          <p class="refused" role="alert">
            {problem}
          </p>
        </div>
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {label}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
