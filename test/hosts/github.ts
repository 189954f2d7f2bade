import { ApiHost, changedSince, type Thing } from "./api.ts";
import type { Asked } from "./host.ts";

/** A time of January 2026. */
export const day = (number: number) =>
  new Date(Date.UTC(2026, 0, number)).toISOString().replace(".000Z", "Z");

/** GitHub's REST API with the repository `acme/app` of an organisation and the person `jane` who has a gist. */
export async function githubHost(rawUrl: string) {
  const things = { issues: [] as Thing[], comments: [] as Thing[], releases: [] as Thing[] };
  const api = await ApiHost.start((url) => {
    const repository = (id: number, name: string) => ({
      id,
      full_name: name,
      html_url: `${url}/${name}`,
      clone_url: `${url}/${name}.git`,
      private: true,
      fork: false,
      archived: false,
      has_issues: true,
      has_wiki: true,
      unknown_to_us: null,
    });
    const gist = {
      id: "abc",
      html_url: `${url}/jane/abc`,
      description: "a gist",
      owner: { login: "jane" },
      updated_at: day(1),
    };
    const files = {
      "a.txt": { raw_url: `${rawUrl}/a`, content: "small file", truncated: false },
      "b.txt": { raw_url: `${rawUrl}/b`, content: "the beginn", truncated: true },
    };
    return {
      prefix: "/api/v3",
      authorization: "Bearer made-up-token-of-github",
      size: "per_page",
      sizeMax: 3,
      route: (path: string, query: URLSearchParams, { headers }: Asked) => {
        if (headers.accept !== "application/vnd.github+json" || headers["user-agent"] === undefined)
          return undefined;
        const isAsWanted = query.get("sort") === "updated" && query.get("direction") === "asc";
        const since = isAsWanted ? query.get("since") : "9999";
        switch (path) {
          case "/users/acme":
            return { login: "acme", type: "Organization" };
          case "/users/jane":
            return { login: "jane", type: "User" };
          case "/orgs/acme/repos":
            return [repository(1, "acme/app"), ...[2, 3, 4].map((id) => repository(id, `acme/other${id}`))];
          case "/users/jane/repos":
            return [];
          case "/users/jane/gists":
            return [gist];
          case "/gists/abc":
            return { ...gist, files };
          case "/repos/acme/app":
            return repository(1, "acme/app");
          case "/repos/acme/app/issues":
            return query.get("state") === "all" ? changedSince(things.issues, since) : [];
          case "/repos/acme/app/issues/comments":
            return changedSince(things.comments, since);
          case "/repos/acme/app/releases":
            return things.releases;
          case "/repos/acme/app/pulls/comments":
          case "/repos/acme/app/comments":
            return [];
          default:
            return undefined;
        }
      },
    };
  });
  const issue = (number: number, updated: string, body: string, more: Thing = {}): Thing => ({
    id: 1_000 + number,
    number,
    html_url: api.host.url(`/acme/app/issues/${number}`),
    title: `issue ${number}`,
    body,
    user: { login: `user${number}` },
    created_at: day(1),
    updated_at: updated,
    ...more,
  });
  return { ...things, api, issue };
}
