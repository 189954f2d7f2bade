import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { ApiHost, Thing } from "../../../test/hosts/api.ts";
import { gather } from "../../../test/hosts/gathered.ts";
import { giteaHost } from "../../../test/hosts/gitea.ts";
import { day, githubHost } from "../../../test/hosts/github.ts";
import { gitlabHost } from "../../../test/hosts/gitlab.ts";
import { Host, type Reply } from "../../../test/hosts/host.ts";
import { defaultLimits } from "../source.ts";
import { AllowList } from "./allow.ts";
import { RemoteClient } from "./client.ts";
import { readerOf } from "./readers.ts";

const client = new RemoteClient({ allow: AllowList.parse(["localhost"]) });
const raw = await Host.start(() => ({ body: "the whole file" }));
const github = await githubHost(raw.url(""));
const gitlab = await gitlabHost();
const gitea = await giteaHost();

interface Case {
  readonly kind: "github" | "gitlab" | "gitea";
  readonly api: ApiHost;
  readonly repository: string;
  readonly issues: Thing[];
  readonly issue: (number: number, updated: string, body: string) => Thing;
  /** How this host says that it wants no more requests for half a minute or so. */
  readonly limited: () => Reply;
}
const soon = () => String(Math.floor(Date.now() / 1_000) + 30);
const cases: readonly Case[] = [
  {
    ...github,
    kind: "github",
    repository: "acme/app",
    limited: () => ({ status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": soon() } }),
  },
  {
    ...gitlab,
    kind: "gitlab",
    repository: "acme/sub/app",
    limited: () => ({ status: 429, headers: { "ratelimit-remaining": "0", "ratelimit-reset": soon() } }),
  },
  {
    ...gitea,
    kind: "gitea",
    repository: "acme/app",
    limited: () => ({ status: 429, headers: { "retry-after": "30" } }),
  },
];

const reader = (
  kind: Case["kind"],
  api: ApiHost,
  path: string,
  token: string | null = `made-up-token-of-${kind}`,
) => readerOf(kind, api.host.url(`/${path}`), { client, token: () => token });

beforeEach(() => {
  for (const { api, issues } of cases) {
    api.breaking = () => null;
    issues.length = 0;
    api.host.taken();
  }
  raw.taken();
});
afterAll(async () => {
  await client.close();
  for (const { api } of cases) await api.host.stop();
  await raw.stop();
});

describe.each(cases)("$kind", ({ kind, api, repository, issues, issue, limited }) => {
  const path = (number: number) => `${repository}/issues/${number}`;
  beforeEach(() => {
    for (let number = 1; number <= 8; number++) issues.push(issue(number, day(number), `body ${number}`));
  });

  test("all pages are read, with author, address and time; the token opens each", async () => {
    const { texts, places, error } = await gather(reader(kind, api, repository));
    expect(error).toBeNull();
    for (let number = 1; number <= 8; number++)
      expect(texts.get(path(number))).toBe(`issue ${number}\n\nbody ${number}`);
    expect(places.get(path(3))).toMatchObject({
      source: kind,
      url: issues[2]!.html_url ?? issues[2]!.web_url,
      author: "user3",
      seenAt: Date.UTC(2026, 0, 1),
    });
    expect(
      api.host.asked.every(({ headers }) => headers.authorization?.endsWith(`made-up-token-of-${kind}`)),
    ).toBe(true);
    expect(api.host.taken().join()).not.toContain("made-up-token");
  });

  test("the next look gives what has changed, and asks with what the host told", async () => {
    const one = reader(kind, api, repository);
    const first = await gather(one);
    // The item of the newest time comes once more: others may have changed in its second.
    const second = await gather(one, { mark: first.mark });
    expect([...second.texts.keys()].filter((each) => each.includes("/issues/"))).toEqual([path(8)]);
    const third = await gather(one, { mark: second.mark });
    expect([...third.texts.keys()].filter((each) => each.includes("/issues/"))).toEqual([]);
    issues[1] = issue(2, day(20), "changed");
    const fourth = await gather(one, { mark: third.mark });
    expect([...fourth.texts.keys()].filter((each) => each.includes("/issues/")).sort()).toEqual([
      path(2),
      path(8),
    ]);
    expect(fourth.texts.get(path(2))).toContain("changed");
    expect(JSON.stringify(fourth.mark)).not.toContain("made-up");
  });

  test("a look that the host ends goes on in the middle of the list", async () => {
    const one = reader(kind, api, repository);
    api.limit(3, limited());
    const first = await gather(one);
    expect(first.error).toMatchObject({ name: "SourceFailed", isLasting: false });
    expect(first.error!.retryAfterMs).toBeGreaterThan(20_000);
    expect(first.error!.retryAfterMs).toBeLessThanOrEqual(31_000);
    expect(first.marks.length).toBeGreaterThan(0);
    api.breaking = () => null;
    const second = await gather(one, { mark: first.mark });
    expect(second.error).toBeNull();
    const both = new Set([...first.texts.keys(), ...second.texts.keys()]);
    for (let number = 1; number <= 8; number++) expect(both.has(path(number)), path(number)).toBe(true);
    expect(
      first.texts.has(path(kind === "gitea" ? 8 : 1)) && !second.texts.has(path(kind === "gitea" ? 8 : 1)),
    ).toBe(true);
  });

  test("after an answer that says so no further request is made", async () => {
    api.breaking = ({ url }) =>
      url.pathname.endsWith("/issues") ? { ...limited(), status: 200, body: "[]" } : null;
    const { error } = await gather(reader(kind, api, repository));
    if (kind === "gitea") return expect(error).toBeNull();
    expect(error!.retryAfterMs).toBeGreaterThan(20_000);
    expect(api.host.taken()).toHaveLength(2);
  });

  test("a wrong token, a host that fails and nonsense end the look, and say whether to come again", async () => {
    expect((await gather(reader(kind, api, repository, "made-up-wrong"))).error).toMatchObject({
      status: 401,
      isLasting: true,
    });
    expect((await gather(reader(kind, api, repository, "two\nlines"))).error?.isLasting).toBe(true);
    api.limit(2, { status: 502 });
    expect((await gather(reader(kind, api, repository))).error).toMatchObject({
      status: 502,
      isLasting: false,
    });
    api.limit(0, { body: "<html>" });
    expect((await gather(reader(kind, api, repository))).error).toMatchObject({ isLasting: true });
  });

  test("a list that is not for this token is left out, and said so; one that is switched off is not", async () => {
    const status = { of: 403 };
    api.breaking = ({ url }) => (url.pathname.endsWith("/issues") ? { status: status.of } : null);
    const { skipped, error, texts } = await gather(reader(kind, api, repository));
    expect([skipped, error]).toEqual([[`${repository} issues: unreadable`], null]);
    if (kind !== "github") expect(texts.size).toBeGreaterThan(0);
    status.of = 410;
    expect((await gather(reader(kind, api, repository))).skipped).toEqual([]);
  });

  test("an owner leads to its repositories", async () => {
    const found = [];
    const options = { mark: null, limits: defaultLimits, signal: new AbortController().signal };
    for await (const each of reader(kind, api, "acme").repositories(options)) found.push(each);
    expect(found).toHaveLength({ github: 4, gitlab: 2, gitea: 1 }[kind]);
    expect(found[0]).toMatchObject({
      name: repository,
      cloneUrl: api.host.url(`/${repository}.git`),
      wikiCloneUrl: api.host.url(`/${repository}.wiki.git`),
      isPrivate: kind !== "gitea",
      isArchived: false,
    });
    expect((await gather(reader(kind, api, "acme"))).texts.has(path(5))).toBe(true);
    expect((await gather(reader(kind, api, "jane"))).error).toBeNull();
    expect((await gather(reader(kind, api, "nobody/nothing"))).error).toMatchObject({
      status: 404,
      isLasting: true,
    });
  });
});

test("what is changed while a list is read pushes nothing over the border of two pages", async () => {
  const { api, issues, issue } = github;
  for (let number = 1; number <= 8; number++) issues.push(issue(number, day(number), "body"));
  api.breaking = ({ url }) => {
    // Between the first page and the second.
    if (url.pathname.endsWith("/issues") && url.searchParams.has("since"))
      issues[0] = issue(1, day(25), "changed");
    return null;
  };
  const { texts } = await gather(reader("github", api, "acme/app"));
  expect([...texts.keys()].filter((path) => path.includes("/issues/"))).toHaveLength(8);
  expect(texts.get("acme/app/issues/1")).toContain("changed");
});

test("many things of the same second do not make a list go round", async () => {
  const { api, issues, issue } = github;
  for (let number = 1; number <= 10; number++) issues.push(issue(number, day(3), "body"));
  const { texts, error } = await gather(reader("github", api, "acme/app"));
  expect([texts.size, error]).toEqual([10, null]);
});

test("a large file of a gist is got from its host without the token", async () => {
  const { texts } = await gather(reader("github", github.api, "jane"));
  expect(Object.fromEntries(texts)).toEqual({
    "gists/abc": "a gist",
    "gists/abc/a.txt": "small file",
    "gists/abc/b.txt": "the whole file",
  });
  expect(raw.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test("the token stays at home: no redirect and no next page takes it away", async () => {
  const { api } = github;
  api.breaking = ({ url }) =>
    url.pathname.endsWith("/issues") ? { status: 302, headers: { location: raw.url("/taken") } } : null;
  await gather(reader("github", api, "acme/app"));
  api.breaking = ({ url }) =>
    url.pathname.endsWith("/issues")
      ? { headers: { link: `<${raw.url("/taken")}>; rel="next"` }, body: "[]" }
      : null;
  await gather(reader("github", api, "acme/app"));
  expect(raw.asked.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ["/taken", undefined],
  ]);
});

test("no token is sent in clear to a host that nobody named", async () => {
  const { error } = await gather(
    readerOf("github", "http://github.example/acme/app", { client, token: () => "made-up-token-0001" }),
  );
  expect(error).toMatchObject({ isLasting: true, message: expect.stringMatching(/https only/) });
});

test("GitHub: comments, pull requests and notes of releases have their places", async () => {
  const { api, issues, comments, releases, issue } = github;
  issues.push(
    issue(9, day(9), "of a pull request", { pull_request: {}, html_url: api.host.url("/acme/app/pull/9") }),
  );
  comments.push({
    id: 5,
    html_url: api.host.url("/acme/app/issues/1#issuecomment-5"),
    body: "said",
    user: null,
    updated_at: day(2),
  });
  releases.push({
    id: 6,
    html_url: api.host.url("/v1"),
    tag_name: "v1",
    name: null,
    body: "notes",
    author: null,
    published_at: day(3),
  });
  const { places } = await gather(reader("github", api, "acme/app"));
  expect([...places.keys()]).toEqual(["acme/app/pull/9", "acme/app/comments/5", "acme/app/releases/v1"]);
  expect(places.get("acme/app/comments/5")).toMatchObject({
    url: api.host.url("/acme/app/issues/1#issuecomment-5"),
    author: null,
  });
});

test("GitLab: notes, releases, snippets and wiki pages have their places", async () => {
  const { api, issues, notes, wikis, issue } = gitlab;
  issues.push(gitlab.issue(1, day(1), "body", 4));
  issues.push(issue(2, day(2), "without notes"));
  notes.set(
    "1",
    [1, 2, 3, 4].map((id) => ({
      id,
      body: `note ${id}`,
      system: id === 2,
      author: { username: "jane" },
      created_at: day(id),
    })),
  );
  wikis.push({ slug: "dir/a page", title: "a page", content: "text of the wiki" });
  const { texts, places, skipped } = await gather(reader("gitlab", api, "acme/sub/app"));
  const at = "acme/sub/app";
  expect(Object.fromEntries(texts)).toEqual({
    [`${at}/issues/1`]: "issue 1\n\nbody",
    [`${at}/issues/1/notes/1`]: "note 1",
    [`${at}/issues/1/notes/3`]: "note 3",
    [`${at}/issues/1/notes/4`]: "note 4",
    [`${at}/issues/2`]: "issue 2\n\nwithout notes",
    [`${at}/releases/v1`]: "one\n\nnotes of v1",
    [`${at}/snippets/5`]: "a snippet",
    [`${at}/snippets/5/env.sh`]: "text of the snippet",
    [`${at}/wikis/dir/a page`]: "a page\n\ntext of the wiki",
  });
  expect(skipped).toEqual([]);
  expect(places.get(`${at}/issues/1/notes/4`)).toMatchObject({
    author: "jane",
    url: api.host.url(`/${at}/-/issues/1#note_4`),
  });
  expect(places.get(`${at}/wikis/dir/a page`)!.url).toBe(api.host.url(`/${at}/-/wikis/dir/a%20page`));
  expect(api.host.taken().filter((path) => path.includes("/2/notes"))).toEqual([]);
});

test("Gitea: comments, releases and wiki pages have their places, also in lists without a link to the next page", async () => {
  const { api, comments } = gitea;
  const url = api.host.url("/acme/app/issues/1#issuecomment-1");
  for (const id of [1, 2, 3, 4])
    comments.push({ id, html_url: url, body: `said ${id}`, user: { login: "jane" }, updated_at: day(id) });
  const { texts, places } = await gather(reader("gitea", api, "acme/app"));
  expect([...texts.keys()].sort()).toEqual([
    ...[1, 2, 3, 4].map((id) => `acme/app/comments/${id}`),
    "acme/app/releases/v1",
    "acme/app/wiki/Made up",
  ]);
  expect(places.get("acme/app/comments/1")).toMatchObject({ url, author: "jane", source: "gitea" });
  expect(texts.get("acme/app/wiki/Made up")).toBe("Made up\n\ntext of the wiki");
  expect(places.get("acme/app/wiki/Made up")).toMatchObject({
    commit: "abc123",
    author: "Jane",
    seenAt: Date.UTC(2026, 0, 1),
  });
});
