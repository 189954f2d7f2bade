import { z } from "zod";
import type { Piece } from "../source.ts";
import type { Forge } from "./forge.ts";
import type { Dialect, Repository } from "./forgereader.ts";
import { pageUrl } from "./page.ts";
import { apiTime, beside, filePiece, type Stream, streamOf, textPiece } from "./streams.ts";

const SOURCE = "github";
const API_VERSION = "2022-11-28";
const PER_PAGE = "100";

const user = z.object({ login: z.string() }).nullish();
const body = z.string().nullish();
const repositorySchema = z.object({
  id: z.number(),
  full_name: z.string(),
  html_url: z.string(),
  clone_url: z.string(),
  private: z.boolean(),
  fork: z.boolean().default(false),
  archived: z.boolean().default(false),
  has_issues: z.boolean().default(true),
  has_wiki: z.boolean().default(false),
});
const ownerSchema = z.object({ login: z.string(), type: z.string() });
const issueSchema = z.object({
  id: z.number(),
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body,
  user,
  created_at: apiTime,
  updated_at: apiTime,
  pull_request: z.unknown().optional(),
});
const commentSchema = z.object({
  id: z.number(),
  html_url: z.string(),
  body,
  diff_hunk: body,
  user,
  created_at: apiTime,
  updated_at: apiTime,
});
const releaseSchema = z.object({
  id: z.number(),
  html_url: z.string(),
  tag_name: z.string(),
  name: body,
  body,
  author: user,
  published_at: apiTime,
  created_at: apiTime,
});
const gistSchema = z.object({
  id: z.string(),
  html_url: z.string(),
  description: body,
  owner: user,
  created_at: apiTime,
  updated_at: apiTime,
});
const gistFilesSchema = z.object({
  files: z.record(
    z.string(),
    z.object({ raw_url: z.string(), content: body, truncated: z.boolean().default(false) }).nullable(),
  ),
});

/** GitHub's REST API, of github.com and of GitHub Enterprise Server. */
export const github: Dialect = {
  source: SOURCE,
  base: (address) =>
    /^(?:www\.)?github\.com$/.test(address.host)
      ? new URL("https://api.github.com/")
      : new URL("/api/v3/", address),
  headers: (token) => ({
    accept: "application/vnd.github+json",
    "x-github-api-version": API_VERSION,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }),
  async find(forge, [owner = "", name]) {
    if (name !== undefined) {
      const path = `repos/${encodeURIComponent(owner)}/${encodeURIComponent(name.replace(/\.git$/, ""))}`;
      const repository = repositoryOf(await forge.one(forge.url(path), repositorySchema));
      return {
        streams: [],
        repositories: async function* () {
          yield repository;
        },
      };
    }
    const { login, type } = await forge.one(forge.url(`users/${encodeURIComponent(owner)}`), ownerSchema);
    const isPerson = type === "User";
    const path = `${isPerson ? "users" : "orgs"}/${login}`;
    const list = forge.url(`${path}/repos`, {
      per_page: PER_PAGE,
      type: isPerson ? "owner" : "all",
      sort: "full_name",
    });
    return {
      streams: isPerson ? [gists(login)] : [],
      repositories: () => repositories(forge, list),
    };
  },
};

async function* repositories(forge: Forge, list: URL): AsyncGenerator<Repository> {
  for await (const raw of forge.all(list)) {
    const parsed = repositorySchema.safeParse(raw);
    if (parsed.success) yield repositoryOf(parsed.data);
  }
}

function repositoryOf(repository: z.output<typeof repositorySchema>): Repository {
  const { id, full_name: name, clone_url, html_url, has_wiki, has_issues } = repository;
  const comments = (kind: "issues" | "pulls") =>
    streamOf({
      name: `${kind}-comments`,
      label: `${name} comments of ${kind}`,
      path: `repos/${name}/${kind}/comments`,
      query: { sort: "updated", direction: "asc", per_page: PER_PAGE },
      since: "since",
      isSorted: true,
      schema: commentSchema,
      item: (comment) => commentItem(name, comment),
    });
  const streams: Stream[] = [
    issues(name, has_issues),
    comments("issues"),
    comments("pulls"),
    commitComments(name),
    releases(name),
  ];
  return {
    id: String(id),
    name,
    url: html_url,
    cloneUrl: clone_url,
    wikiCloneUrl: has_wiki ? clone_url.replace(/(?:\.git)?$/, ".wiki.git") : null,
    isPrivate: repository.private,
    isFork: repository.fork,
    isArchived: repository.archived,
    streams,
  };
}

/** Issues and pull requests: to this API the second are the first. */
function issues(name: string, hasIssues: boolean): Stream {
  return streamOf({
    name: "issues",
    label: `${name} ${hasIssues ? "issues" : "pull requests"}`,
    path: `repos/${name}/issues`,
    query: { state: "all", sort: "updated", direction: "asc", per_page: PER_PAGE },
    since: "since",
    isSorted: true,
    schema: issueSchema,
    item: (issue) => ({
      id: String(issue.id),
      updatedAt: issue.updated_at,
      pieces: () =>
        textPiece(
          {
            source: SOURCE,
            url: issue.html_url,
            author: issue.user?.login ?? null,
            seenAt: issue.created_at,
          },
          `${name}/${issue.pull_request === undefined ? "issues" : "pull"}/${issue.number}`,
          [issue.title, issue.body],
        ),
    }),
  });
}

function commentItem(name: string, comment: z.output<typeof commentSchema>) {
  const { id, html_url: url, user: by, created_at: seenAt } = comment;
  const place = { source: SOURCE, url, author: by?.login ?? null, seenAt };
  return {
    id: String(id),
    updatedAt: comment.updated_at,
    pieces: () => textPiece(place, `${name}/comments/${id}`, [comment.body, comment.diff_hunk]),
  };
}

/** Oldest first, and not to be asked by time: each look goes through all of them. */
function commitComments(name: string): Stream {
  return streamOf({
    name: "commit-comments",
    label: `${name} comments of commits`,
    path: `repos/${name}/comments`,
    query: { per_page: PER_PAGE },
    since: null,
    isSorted: false,
    schema: commentSchema,
    item: (comment) => commentItem(name, comment),
  });
}

/** Their notes may change without any time telling so: each look reads all of them, unless the list is the same. */
function releases(name: string): Stream {
  return streamOf({
    name: "releases",
    label: `${name} releases`,
    path: `repos/${name}/releases`,
    query: { per_page: PER_PAGE },
    since: null,
    isSorted: false,
    schema: releaseSchema,
    item: ({ id, html_url: url, author, tag_name, name: title, body: notes, ...release }) => ({
      id: String(id),
      updatedAt: null,
      pieces: () =>
        textPiece(
          {
            source: SOURCE,
            url,
            author: author?.login ?? null,
            seenAt: release.published_at ?? release.created_at,
          },
          `${name}/releases/${tag_name}`,
          [title, notes],
        ),
    }),
  });
}

function gists(login: string): Stream {
  return streamOf({
    name: "gists",
    label: `${login} gists`,
    path: `users/${login}/gists`,
    query: { per_page: PER_PAGE },
    since: "since",
    isSorted: false,
    schema: gistSchema,
    item: (gist) => ({
      id: gist.id,
      updatedAt: gist.updated_at,
      pieces: (forge) => beside(`gists/${gist.id}`, forge, gistPieces(forge, gist)),
    }),
  });
}

async function* gistPieces(forge: Forge, gist: z.output<typeof gistSchema>): AsyncGenerator<Piece> {
  const { id, html_url: url, owner, created_at: seenAt } = gist;
  const place = { source: SOURCE, url, author: owner?.login ?? null, seenAt };
  yield* textPiece(place, `gists/${id}`, [gist.description]);
  const { files } = await forge.one(forge.url(`gists/${encodeURIComponent(id)}`), gistFilesSchema);
  for (const [name, file] of Object.entries(files)) {
    if (file === null) continue;
    const path = `gists/${id}/${name}`;
    if (!file.truncated) {
      yield* textPiece(place, path, [file.content]);
      continue;
    }
    // Files of more than a megabyte lie on another host, which gets no token.
    const address = pageUrl(file.raw_url);
    if (address === null) yield { kind: "skipped", path, why: "unreadable" };
    else yield* filePiece(place, path, await forge.raw(address));
  }
}
