import { ApiHost, changedSince, type Thing } from "./api.ts";

/** GitLab's REST API with the project `acme/sub/app` (7) in a group, and the user `jane`. */
export async function gitlabHost() {
  const things = { issues: [] as Thing[], notes: new Map<string, Thing[]>(), wikis: [] as Thing[] };
  const api = await ApiHost.start((url) => {
    const project = (id: number, name: string) => ({
      id,
      path_with_namespace: name,
      web_url: `${url}/${name}`,
      http_url_to_repo: `${url}/${name}.git`,
      visibility: "private",
      archived: id === 8,
      issues_enabled: true,
      merge_requests_enabled: true,
      snippets_enabled: true,
      wiki_enabled: true,
    });
    const projects = [project(7, "acme/sub/app"), project(8, "acme/old")];
    const snippet = {
      id: 5,
      title: "a snippet",
      description: null,
      file_name: "env.sh",
      web_url: `${url}/acme/sub/app/-/snippets/5`,
      author: { username: "jane" },
      created_at: "2026-01-01T00:00:00.000Z",
      updated_at: "2026-01-01T00:00:00.123Z",
    };
    const release = {
      tag_name: "v1",
      name: "one",
      description: "notes of v1",
      author: null,
      released_at: null,
    };
    const routes: Readonly<Record<string, readonly Thing[] | Thing | string>> = {
      "/projects/acme%2Fsub%2Fapp": projects[0]!,
      "/groups/acme": { id: 1 },
      "/groups/1/projects": projects,
      "/users": [{ id: 2, username: "jane" }],
      "/users/2/projects": [],
      "/projects/7/merge_requests": [],
      "/projects/7/releases": [release],
      "/projects/7/snippets": [snippet],
      "/projects/7/snippets/5/raw": "text of the snippet",
      "/projects/8/issues": [],
      "/projects/8/merge_requests": [],
      "/projects/8/releases": [],
      "/projects/8/snippets": [],
      "/projects/8/wikis": [],
    };
    return {
      prefix: "/api/v4",
      authorization: "Bearer made-up-token-of-gitlab",
      size: "per_page",
      sizeMax: 3,
      route: (path: string, query: URLSearchParams) => {
        const notes = /^\/projects\/7\/issues\/([0-9]+)\/notes$/.exec(path);
        if (notes !== null) return things.notes.get(notes[1]!) ?? [];
        if (path === "/projects/7/wikis") return query.get("with_content") === "1" ? things.wikis : [];
        if (path !== "/projects/7/issues") return routes[path];
        const isAsWanted = query.get("order_by") === "updated_at" && query.get("sort") === "asc";
        return changedSince(things.issues, isAsWanted ? query.get("updated_after") : "9999");
      },
    };
  });
  const issue = (number: number, updated: string, body: string, notes = 0): Thing => ({
    id: 1_000 + number,
    iid: number,
    title: `issue ${number}`,
    description: body,
    web_url: api.host.url(`/acme/sub/app/-/issues/${number}`),
    author: { username: `user${number}` },
    user_notes_count: notes,
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: updated,
  });
  return { ...things, api, issue };
}
