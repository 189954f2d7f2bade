import { z } from "zod";
import { type Call, call } from "./call.ts";
import { strict } from "./inputs.ts";
import { settingsAnswer, settingsChanged } from "./leaks/answers.ts";
import { ifMatch } from "./request.ts";

const tag = "Settings";

const risk = z.int().min(2).max(10).optional();
const patch = strict({
  levels: strict({ high: risk, medium: risk })
    .optional()
    .describe("The lowest risk of each level; what is below medium is low."),
})
  .refine((given) => Object.keys(given).length > 0, "must name a setting to change")
  .meta({ examples: [{ levels: { high: 9, medium: 5 } }] });

/** `/settings`: what a tenant sets for itself. */
export const settingsCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/settings",
    tag,
    summary: "The tenant's settings",
    access: "look",
    answers: { 200: { description: "The settings", schema: settingsAnswer, headers: ["ETag"] } },
    handle: ({ context, tenant: { store } }) => {
      const settings = store.settings();
      context.header("etag", `"${settings.version}"`);
      return context.json(viewOf(settings));
    },
  }),
  call({
    method: "patch",
    path: "/settings",
    tag,
    summary: "Change the tenant's settings",
    access: "change",
    body: patch,
    takesIfMatch: true,
    answers: { 200: { description: "The settings", schema: settingsChanged, headers: ["ETag"] } },
    handle: async ({ context, tenant: { store }, actor, body }) => {
      const { settings, revision } = await store.updateSettings(actor, body, ifMatch(context));
      context.header("etag", `"${settings.version}"`);
      return context.json({ ...viewOf(settings), revision });
    },
  }),
];

function viewOf({ levels, leaksEnabled, version }: z.output<typeof settingsAnswer>) {
  return { levels, leaksEnabled, version };
}
