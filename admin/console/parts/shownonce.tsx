import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";

interface ShownOnceProps {
  readonly title: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** A secret that was just made, as it is never shown again. */
export function ShownOnce({ title, secret, onClose }: ShownOnceProps) {
  // Said here: what is said in the corner stands behind the dialog.
  const [said, setSaid] = useState("");
  const copy = () =>
    navigator.clipboard.writeText(secret).then(
      () => setSaid("It is copied."),
      () => setSaid("The browser does not let us copy; select it instead."),
    );
  return (
    <Dialog title={title} onClose={onClose} isSticky>
      <div class="dialog-body">
        <p class="consequence good">It is shown this once and kept nowhere. Put it where it is safe now.</p>
        <pre class="clear-key">
          <code>{secret}</code>
        </pre>
      </div>
      <div class="dialog-foot">
        <span class="quiet" role="status">
          {said}
        </span>
        <button type="button" class="button" onClick={() => void copy()}>
          <Icon name="copy" size={16} /> Copy
        </button>
        <button type="button" class="button primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}
