import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** A panel stands at the side and is as high as the window. */
  readonly kind?: "dialog" | "panel";
  /** Left by its own button alone: what it shows is gone with it. */
  readonly isSticky?: boolean;
}

/** A modal `<dialog>`: the browser keeps the focus in it, closes it by Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, kind = "dialog", isSticky = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current!;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      // What it was opened from may be gone with what was decided.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      else document.querySelector("h1")?.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={kind}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        if (!isSticky) onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        {!isSticky && (
          <button type="button" class="icon-button" aria-label="Close the dialog" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      {children}
    </dialog>
  );
}

interface DialogFormProps extends DialogProps {
  /** What the button says that sends it. */
  readonly label: string;
  readonly onSubmit: (event: SubmitEvent) => unknown;
  readonly isBusy?: boolean;
  /** Why it could not be carried out; left out where the fields say that themselves. */
  readonly problem?: string | null | undefined;
  /** Stands before the buttons. */
  readonly foot?: ComponentChildren;
}

/** A dialog that is sent, or left by *Cancel*. A panel is long: what was wrong stands beside its buttons. */
export function DialogForm(props: DialogFormProps) {
  const { title, kind = "dialog", label, onClose, onSubmit, isBusy = false, problem, foot, children } = props;
  // A double click must not send twice: the page is drawn again only after both.
  const sending = useRef(false);
  const [isSending, setSending] = useState(false);
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    if (sending.current) return;
    sending.current = true;
    setSending(true);
    try {
      await onSubmit(event);
    } finally {
      sending.current = false;
      setSending(false);
    }
  };
  const isPanel = kind === "panel";
  const said = problem !== undefined && (
    <p class={isPanel ? "refused foot-said" : "refused"} role="alert">
      {problem}
    </p>
  );
  return (
    <Dialog title={title} kind={kind} onClose={onClose}>
      <form onSubmit={send} noValidate>
        <div class="dialog-body">
          {children}
          {!isPanel && said}
        </div>
        <div class="dialog-foot">
          {isPanel && said}
          {foot}
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={isBusy || isSending}>
            {label}
          </button>
        </div>
      </form>
    </Dialog>
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
    <DialogForm
      title={title}
      label={label}
      isBusy={isBusy}
      problem={problem}
      onClose={onClose}
      onSubmit={carryOut}
    >
      <p class="consequence">{consequence}</p>
    </DialogForm>
  );
}
