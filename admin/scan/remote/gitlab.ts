import { z } from "zod";
import type { Piece } from "../source.ts";
import { NotRead } from "./failure.ts";
import type { Forge } from "./forge.ts";
import type { Dialect, Repository } from "./forgereader.ts";
import { apiTime, beside, filePiece, type Stream, streamOf, textPiece } from "./streams.ts";

const SOURCE = "gitlab";
const PER_PAGE = "100";

const author = z.object({ username: z.string() }).nullish();
const text = z.string().nullish();
const projectSchema = z.object({
  id: z.number(),
  path_with_namespace: z.string(),
  web_url: z.string(),
  http_url_to_repo: z.string(),
  visibility: z.string().default("private"),
  archived: z.boolean().default(false),
  forked_from_project: z.unknown().optional(),
  issues_enabled: z.boolean().default(true),
  merge_requests_enabled: z.boolean().default(true),
  snippets_enabled: z.boolean().default(true),
  wiki_enabled: z.boolean().default(true),
});
type Project = z.output<typeof projectSchema>;
const named = z.object({ id: z.number() });
/** An issue or a merge request. */
const threadSchema = z.object({
  id: z.number(),
  iid: z.number(),
  title: z.string(),
  description: text,
  web_url: z.string(),
  author,
  user_notes_count: z.number().default(1),
  created_at: apiTime,
  updated_at: apiTime,
});
const noteSchema = z.object({
  id: z.number(),
  body: text,
  author,
  system: z.boolean().default(false),
  created_at: apiTime,
});
const releaseSchema = z.object({
  tag_name: z.string(),
  name: text,
  description: text,
  author,
  released_at: apiTime,
  _links: z.object({ self: text }).nullish(),
});
const snippetSchema = z.object({
  id: z.number(),
  title: text,
  description: text,
  file_name: text,
  web_url: z.string(),
  author,
  created_at: apiTime,
  updated_at: apiTime,
});
const wikiSchema = z.object({ slug: z.string(), title: z.string(), content: text });

/** GitLab's REST API, version 4, of gitlab.com and of one's own. */
export const gitlab: Dialect = {
  source: SOURCE,
  base: (address) => new URL("/api/v4/", address),
  headers: (token) => ({
    accept: "application/json",
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }),
  async find(forge, path) {
    const whole = encodeURIComponent(path.join("/").replace(/\.git$/, ""));
    const project = path.length > 1 ? await forge.maybe(forge.url(`projects/${whole}`), projectSchema) : null;
    if (project !== null) {
      const repository = repositoryOf(project);
      return {
        streams: [],
        repositories: async function* () {
          yield repository;
        },
      };
    }
    const group = await forge.maybe(forge.url(`groups/${whole}`, { with_projects: "false" }), named);
    const list = { per_page: PER_PAGE, pagination: "keyset", order_by: "id", sort: "asc" };
    if (group !== null) {
      // Groups know no keyset; their list in the order of ids only grows at its end.
      const { pagination: _, ...paged } = list;
      const projects = forge.url(`groups/${group.id}/projects`, {
        ...paged,
        include_subgroups: "true",
        with_shared: "false",
      });
      return { streams: [], repositories: () => repositories(forge, projects) };
    }
    const [user] = await forge.one(forge.url("users", { username: path[0] ?? "" }), z.array(named));
    if (user === undefined || path.length > 1)
      throw new NotRead("there is no such project, group or user, or the token may not see it", {
        status: 404,
        isLasting: true,
      });
    return {
      streams: [],
      repositories: () => repositories(forge, forge.url(`users/${user.id}/projects`, list)),
    };
  },
};

async function* repositories(forge: Forge, list: URL): AsyncGenerator<Repository> {
  for await (const raw of forge.all(list)) {
    const parsed = projectSchema.safeParse(raw);
    if (parsed.success) yield repositoryOf(parsed.data);
  }
}

function repositoryOf(project: Project): Repository {
  const {
    http_url_to_repo: cloneUrl,
    wiki_enabled,
    issues_enabled,
    merge_requests_enabled,
    snippets_enabled,
  } = project;
  const streams: Stream[] = [];
  if (issues_enabled) streams.push(threads(project, "issues"));
  if (merge_requests_enabled) streams.push(threads(project, "merge_requests"));
  streams.push(releases(project));
  if (snippets_enabled) streams.push(snippets(project));
  if (wiki_enabled) streams.push(wikis(project));
  return {
    id: String(project.id),
    name: project.path_with_namespace,
    url: project.web_url,
    cloneUrl,
    wikiCloneUrl: wiki_enabled ? cloneUrl.replace(/(?:\.git)?$/, ".wiki.git") : null,
    isPrivate: project.visibility !== "public",
    isFork: project.forked_from_project !== undefined && project.forked_from_project !== null,
    isArchived: project.archived,
    streams,
  };
}

/** Issues or merge requests, each with its notes: a new note counts as a change of its thread. */
function threads({ id, path_with_namespace: name }: Project, kind: "issues" | "merge_requests"): Stream {
  return streamOf({
    name: kind,
    label: `${name} ${kind.replace("_", " ")}`,
    path: `projects/${id}/${kind}`,
    query: { scope: "all", state: "all", order_by: "updated_at", sort: "asc", per_page: PER_PAGE },
    since: "updated_after",
    isSorted: true,
    schema: threadSchema,
    item: (thread) => ({
      id: String(thread.id),
      updatedAt: thread.updated_at,
      pieces: (forge) => {
        const path = `${name}/${kind}/${thread.iid}`;
        const notes = forge.url(`projects/${id}/${kind}/${thread.iid}/notes`, {
          per_page: PER_PAGE,
          sort: "asc",
        });
        return threadPieces(forge, thread, path, notes);
      },
    }),
  });
}

async function* threadPieces(
  forge: Forge,
  thread: z.output<typeof threadSchema>,
  path: string,
  notes: URL,
): AsyncGenerator<Piece> {
  const place = {
    source: SOURCE,
    url: thread.web_url,
    author: thread.author?.username ?? null,
    seenAt: thread.created_at,
  };
  yield* textPiece(place, path, [thread.title, thread.description]);
  if (thread.user_notes_count > 0) yield* beside(path, forge, notePieces(forge, thread.web_url, path, notes));
}

async function* notePieces(forge: Forge, threadUrl: string, path: string, notes: URL): AsyncGenerator<Piece> {
  for await (const raw of forge.all(notes)) {
    const note = noteSchema.safeParse(raw).data;
    if (note === undefined || note.system) continue;
    const { id, body, author: by, created_at: seenAt } = note;
    const place = { source: SOURCE, url: `${threadUrl}#note_${id}`, author: by?.username ?? null, seenAt };
    yield* textPiece(place, `${path}/notes/${id}`, [body]);
  }
}

function releases({ id, path_with_namespace: name, web_url }: Project): Stream {
  return streamOf({
    name: "releases",
    label: `${name} releases`,
    path: `projects/${id}/releases`,
    query: { per_page: PER_PAGE },
    since: null,
    isSorted: false,
    schema: releaseSchema,
    item: ({ tag_name, name: title, description, author: by, released_at: seenAt, _links }) => ({
      id: tag_name,
      updatedAt: null,
      pieces: () =>
        textPiece(
          {
            source: SOURCE,
            url: _links?.self ?? `${web_url}/-/releases/${encodeURIComponent(tag_name)}`,
            author: by?.username ?? null,
            seenAt,
          },
          `${name}/releases/${tag_name}`,
          [title, description],
        ),
    }),
  });
}

function snippets({ id, path_with_namespace: name }: Project): Stream {
  return streamOf({
    name: "snippets",
    label: `${name} snippets`,
    path: `projects/${id}/snippets`,
    query: { per_page: PER_PAGE },
    since: null,
    isSorted: false,
    schema: snippetSchema,
    item: (snippet) => ({
      id: String(snippet.id),
      updatedAt: snippet.updated_at,
      pieces: (forge) => {
        const path = `${name}/snippets/${snippet.id}`;
        return beside(
          path,
          forge,
          snippetPieces(forge, snippet, path, forge.url(`projects/${id}/snippets/${snippet.id}/raw`)),
        );
      },
    }),
  });
}

async function* snippetPieces(
  forge: Forge,
  snippet: z.output<typeof snippetSchema>,
  path: string,
  raw: URL,
): AsyncGenerator<Piece> {
  const { web_url: url, author: by, created_at: seenAt, file_name } = snippet;
  const place = { source: SOURCE, url, author: by?.username ?? null, seenAt };
  yield* textPiece(place, path, [snippet.title, snippet.description]);
  yield* filePiece(place, `${path}/${file_name ?? "raw"}`, await forge.raw(raw));
}

/** All pages with their content, in one answer; the API tells no times of them. */
function wikis({ id, path_with_namespace: name, web_url }: Project): Stream {
  return streamOf({
    name: "wikis",
    label: `${name} wiki`,
    path: `projects/${id}/wikis`,
    query: { with_content: "1" },
    since: null,
    isSorted: false,
    schema: wikiSchema,
    item: ({ slug, title, content }) => ({
      id: slug,
      updatedAt: null,
      pieces: () =>
        textPiece(
          { source: SOURCE, url: `${web_url}/-/wikis/${slug.split("/").map(encodeURIComponent).join("/")}` },
          `${name}/wikis/${slug}`,
          [title, content],
        ),
    }),
  });
}
