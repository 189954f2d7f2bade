import { useEffect, useState } from "preact/hooks";
import { type ApiProblem, api } from "../api.ts";
import { useLoaded } from "../loading.ts";
import { Pager, usePages } from "../parts/pager.tsx";
import { When } from "../parts/small.tsx";
import { Shown } from "../parts/states.tsx";
import { useSession } from "../session.tsx";
import type { Comment, CommentPage } from "../shapes.ts";
import { actionWord, actorWord } from "../words.ts";

const PAGE = 10;
const COMMENT_CHARS = 2_000;

interface CommentsProps {
  readonly leak: string;
  readonly turn: number;
  readonly onChanged: () => void;
}

/** What people said of the leak, with decisions too, newest first. */
export function CommentsCard({ leak, turn, onChanged }: CommentsProps) {
  const { mayChange } = useSession();
  const pages = usePages(leak);
  const page = useLoaded(
    `${leak} ${pages.cursor ?? ""}`,
    (signal) => {
      const query = { limit: PAGE, cursor: pages.cursor };
      return api<CommentPage>("GET", `/leaks/${leak}/comments`, { query, signal });
    },
    true,
  );
  useEffect(() => {
    if (turn > 0) page.reload();
  }, [turn, page.reload]);
  return (
    <section class="card" aria-labelledby="comments">
      <h2 id="comments" class="card-head">
        Comments
      </h2>
      {mayChange && (
        <NewComment
          leak={leak}
          onSaid={() => {
            page.reload();
            onChanged();
          }}
        />
      )}
      <Shown of={page} lines={2}>
        {({ comments, next }) => (
          <>
            {comments.length === 0 && !mayChange && <p class="quiet">Nobody said anything yet.</p>}
            <ol class="history comments">
              {comments.map((each) => (
                <Said key={each.revision} comment={each} />
              ))}
            </ol>
            {(next !== null || pages.number > 1) && <Pager pages={pages} next={next} />}
          </>
        )}
      </Shown>
    </section>
  );
}

function Said({ comment: { actor, action, reason, comment, at } }: { readonly comment: Comment }) {
  return (
    <li>
      <b>{actorWord(actor)}</b>
      {action !== "leak.comment" && (
        <span class="quiet">
          {" "}
          with: {actionWord(action)}
          {reason !== null && `, ${reason.replaceAll("_", " ")}`}
        </span>
      )}
      <p class="said-why">{comment}</p>
      <When at={at} />
    </li>
  );
}

function NewComment({ leak, onSaid }: { readonly leak: string; readonly onSaid: () => void }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await api("POST", `/leaks/${leak}/comments`, { body: { comment: text.trim() } });
      setText("");
      setProblem(null);
      onSaid();
    } catch (error) {
      const { message, errors } = error as ApiProblem;
      setProblem(errors[0]?.detail ?? message);
    }
    setBusy(false);
  };
  return (
    <form class="new-comment" onSubmit={send}>
      <textarea
        aria-label="New comment"
        placeholder="What others should know of this leak; never a token"
        rows={2}
        value={text}
        maxLength={COMMENT_CHARS}
        aria-invalid={problem !== null}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <p class="refused" role="alert">
        {problem}
      </p>
      <button type="submit" class="button small" disabled={isBusy || text.trim() === ""}>
        Comment
      </button>
    </form>
  );
}
