import type { ComponentChildren, RefObject } from "preact";
import { useState } from "preact/hooks";
import { Confirm } from "../parts/dialog.tsx";

interface Leaving {
  /** Closes at once where nothing would be lost, else asks. */
  readonly leave: () => void;
  /** Stands beside the dialog. */
  readonly question: ComponentChildren;
}

/** Asks once before what was entered is discarded. `inside`: any element of the dialog that would be closed. */
export function useLeaving(
  isFilled: () => boolean,
  onClose: () => void,
  inside: RefObject<HTMLElement | null>,
): Leaving {
  const [isAsking, setAsking] = useState(false);
  const stay = () => {
    setAsking(false);
    // A browser closes a dialog at the second Escape in a row, whatever the page says to that.
    const dialog = inside.current?.closest("dialog");
    if (dialog?.open === false) dialog.showModal();
  };
  return {
    leave: () => (isFilled() ? setAsking(true) : onClose()),
    question: isAsking && (
      <Confirm
        title="Discard what you entered?"
        consequence="Nothing of it was sent."
        label="Discard"
        onClose={stay}
        onConfirmed={async () => onClose()}
      />
    ),
  };
}

/** Brings who writes to the first field that is wrong. */
export function focusInvalid(inside: HTMLElement | null): void {
  const form = inside?.closest("form");
  form?.querySelector<HTMLElement>('[aria-invalid="true"], .is-refused button')?.focus();
}
