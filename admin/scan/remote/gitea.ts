import { z } from "zod";
import type { Piece } from "../source.ts";
import type { Forge } from "./forge.ts";
import type { Dialect, Repository } from "./forgereader.ts";
import { apiTime, beside, type Stream, streamOf, textPiece } from "./streams.ts";

const SOURCE = "gitea";
/** What a Gitea gives at most, unless its operator says otherwise. */
const PER_PAGE = "50";

const user = z.object({ login: z.string() }).nullish();
const text = z.string().nullish();
const repositorySchema = z.object({
  id: z.number(),
  full_name: z.string(),
  html_url: z.string(),
  clone_url: z.string(),
  private: z.boolean().default(true),
  fork: z.boolean().default(false),
  archived: z.boolean().default(false),
  has_issues: z.boolean().default(true),
  has_pull_requests: z.boolean().default(true),
  has_releases: z.boolean().default(true),
  has_wiki: z.boolean().default(false),
});
const ownerSchema = z.object({ id: z.number() });
const issueSchema = z.object({
  id: z.number(),
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body: text,
  user,
  created_at: apiTime,
  updated_at: apiTime,
  pull_request: z.unknown().optional(),
});
const commentSchema = z.object({
  id: z.number(),
  html_url: z.string(),
  body: text,
  user,
  created_at: apiTime,
  updated_at: apiTime,
});
const releaseSchema = z.object({
  id: z.number(),
  html_url: z.string(),
  tag_name: z.string(),
  name: text,
  body: text,
  author: user,
  published_at: apiTime,
});
const wikiSchema = z.object({
  title: z.string(),
  sub_url: text,
  html_url: z.string(),
  last_commit: z
    .object({ sha: z.string(), author: z.object({ name: text, date: apiTime }).nullish() })
    .nullish(),
});
const wikiPageSchema = z.object({ content_base64: text });

/** The API of Gitea and Forgejo, version 1. */
export const gitea: Dialect = {
  source: SOURCE,
  base: (address) => new URL("/api/v1/", address),
  headers: (token) => ({
    accept: "application/json",
    ...(token === null ? {} : { authorization: `token ${token}` }),
  }),
  async find(forge, [owner = "", name]) {
    const who = encodeURIComponent(owner);
    if (name !== undefined) {
      const path = `repos/${who}/${encodeURIComponent(name.replace(/\.git$/, ""))}`;
      const repository = repositoryOf(await forge.one(forge.url(path), repositorySchema));
      return {
        streams: [],
        repositories: async function* () {
          yield repository;
        },
      };
    }
    const isOrganisation = (await forge.maybe(forge.url(`orgs/${who}`), ownerSchema)) !== null;
    if (!isOrganisation) await forge.one(forge.url(`users/${who}`), ownerSchema);
    const list = forge.url(`${isOrganisation ? "orgs" : "users"}/${who}/repos`, { limit: PER_PAGE });
    return { streams: [], repositories: () => repositories(forge, list) };
  },
};

async function* repositories(forge: Forge, list: URL): AsyncGenerator<Repository> {
  for await (const raw of forge.all(list)) {
    const parsed = repositorySchema.safeParse(raw);
    if (parsed.success) yield repositoryOf(parsed.data);
  }
}

function repositoryOf(repository: z.output<typeof repositorySchema>): Repository {
  const { full_name: name, clone_url, has_issues, has_pull_requests, has_releases, has_wiki } = repository;
  const streams: Stream[] = [];
  if (has_issues || has_pull_requests) streams.push(issues(name), comments(name));
  if (has_releases) streams.push(releases(name));
  if (has_wiki) streams.push(wiki(name));
  return {
    id: String(repository.id),
    name,
    url: repository.html_url,
    cloneUrl: clone_url,
    wikiCloneUrl: has_wiki ? clone_url.replace(/(?:\.git)?$/, ".wiki.git") : null,
    isPrivate: repository.private,
    isFork: repository.fork,
    isArchived: repository.archived,
    streams,
  };
}

/** Issues and pull requests, in the order in which they were made: what changes stays where it is. */
function issues(name: string): Stream {
  return streamOf({
    name: "issues",
    label: `${name} issues`,
    path: `repos/${name}/issues`,
    query: { state: "all", limit: PER_PAGE },
    since: "since",
    isSorted: false,
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
          `${name}/${issue.pull_request === undefined || issue.pull_request === null ? "issues" : "pulls"}/${issue.number}`,
          [issue.title, issue.body],
        ),
    }),
  });
}

function comments(name: string): Stream {
  return streamOf({
    name: "comments",
    label: `${name} comments`,
    path: `repos/${name}/issues/comments`,
    query: { limit: PER_PAGE },
    since: "since",
    isSorted: false,
    schema: commentSchema,
    item: ({ id, html_url: url, body, user: by, created_at: seenAt, updated_at: updatedAt }) => ({
      id: String(id),
      updatedAt,
      pieces: () =>
        textPiece({ source: SOURCE, url, author: by?.login ?? null, seenAt }, `${name}/comments/${id}`, [
          body,
        ]),
    }),
  });
}

/** Their notes may change without any time telling so: each look reads all of them, unless the list is the same. */
function releases(name: string): Stream {
  return streamOf({
    name: "releases",
    label: `${name} releases`,
    path: `repos/${name}/releases`,
    query: { limit: PER_PAGE },
    since: null,
    isSorted: false,
    schema: releaseSchema,
    item: ({ id, html_url: url, tag_name, name: title, body, author, published_at: seenAt }) => ({
      id: String(id),
      updatedAt: null,
      pieces: () =>
        textPiece(
          { source: SOURCE, url, author: author?.login ?? null, seenAt },
          `${name}/releases/${tag_name}`,
          [title, body],
        ),
    }),
  });
}

/** Pages as they are now; their history is in the wiki's git. */
function wiki(name: string): Stream {
  return streamOf({
    name: "wiki",
    label: `${name} wiki`,
    path: `repos/${name}/wiki/pages`,
    query: { limit: PER_PAGE },
    since: null,
    isSorted: false,
    schema: wikiSchema,
    item: (page) => ({
      id: page.title,
      updatedAt: page.last_commit?.author?.date ?? null,
      pieces: (forge) => {
        const path = `${name}/wiki/${page.title}`;
        const url = forge.url(`repos/${name}/wiki/page/${page.sub_url ?? encodeURIComponent(page.title)}`);
        return beside(path, forge, wikiPieces(forge, page, path, url));
      },
    }),
  });
}

async function* wikiPieces(
  forge: Forge,
  { html_url, last_commit, title }: z.output<typeof wikiSchema>,
  path: string,
  url: URL,
): AsyncGenerator<Piece> {
  const { content_base64: content } = await forge.one(url, wikiPageSchema);
  const place = {
    source: SOURCE,
    url: html_url,
    commit: last_commit?.sha ?? null,
    author: last_commit?.author?.name ?? null,
    seenAt: last_commit?.author?.date ?? null,
  };
  yield* textPiece(place, path, [title, Buffer.from(content ?? "", "base64").toString()]);
}
