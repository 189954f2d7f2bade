import { ApiHost, changedSince, type Thing } from "./api.ts";

/** Gitea's API with the repository `acme/app` of an organisation. Lists are in the order in which things were made, newest first. */
export async function giteaHost() {
  const things = { issues: [] as Thing[], comments: [] as Thing[] };
  const api = await ApiHost.start((url) => {
    const repository = {
      id: 1,
      full_name: "acme/app",
      html_url: `${url}/acme/app`,
      clone_url: `${url}/acme/app.git`,
      private: false,
      has_issues: true,
      has_pull_requests: true,
      has_releases: true,
      has_wiki: true,
    };
    const release = {
      id: 1,
      html_url: `${url}/acme/app/releases/tag/v1`,
      tag_name: "v1",
      name: "one",
      body: "notes of v1",
      author: { login: "jane" },
      published_at: "2026-01-01T01:00:00+01:00",
    };
    const last_commit = { sha: "abc123", author: { name: "Jane", date: "2026-01-01T00:00:00Z" } };
    const page = {
      title: "Made up",
      sub_url: "Made-up",
      html_url: `${url}/acme/app/wiki/Made-up`,
      last_commit,
    };
    const newestFirst = (list: readonly Thing[], since: string | null) =>
      changedSince(list, since).sort((one, other) => Number(other.id) - Number(one.id));
    return {
      prefix: "/api/v1",
      authorization: "token made-up-token-of-gitea",
      size: "limit",
      sizeMax: 3,
      isCounted: (path: string) => path.endsWith("/comments") || path.endsWith("/wiki/pages"),
      route: (path: string, query: URLSearchParams) => {
        switch (path) {
          case "/orgs/acme":
          case "/users/jane":
            return { id: 1 };
          case "/orgs/acme/repos":
            return [repository];
          case "/users/jane/repos":
            return [];
          case "/repos/acme/app":
            return repository;
          case "/repos/acme/app/issues":
            return newestFirst(things.issues, query.get("since"));
          case "/repos/acme/app/issues/comments":
            return newestFirst(things.comments, query.get("since"));
          case "/repos/acme/app/releases":
            return [release];
          case "/repos/acme/app/wiki/pages":
            return [page];
          case "/repos/acme/app/wiki/page/Made-up":
            return { ...page, content_base64: Buffer.from("text of the wiki").toString("base64") };
          default:
            return undefined;
        }
      },
    };
  });
  const issue = (number: number, updated: string, body: string): Thing => ({
    id: 1_000 + number,
    number,
    html_url: api.host.url(`/acme/app/issues/${number}`),
    title: `issue ${number}`,
    body,
    user: { login: `user${number}` },
    created_at: "2026-01-01T00:00:00Z",
    updated_at: updated,
    pull_request: null,
  });
  return { ...things, api, issue };
}
