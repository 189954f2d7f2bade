import { digestTokens } from "../../rules/digest.ts";
import { screenTexts } from "../../rules/screen.ts";
import { type Call, call } from "../call.ts";
import { inventoryAdded, inventoryAnswer, inventoryList } from "./answers.ts";
import { sourceBodies } from "./inputs.ts";
import { tag } from "./tag.ts";
import { inventoryView } from "./views.ts";

const path = "/inventory";

/** `/inventory`: the team's live tokens. Where a watched source holds one, it has leaked, whatever it looks like. */
export const inventoryCalls: readonly Call[] = [
  call({
    method: "get",
    path,
    tag,
    summary: "How many live tokens are listed, by name",
    access: "look",
    answers: { 200: { description: "The names, in their order", schema: inventoryList } },
    handle: ({ context, tenant: { store } }) => {
      const inventory = store.inventory.list();
      const total = inventory.reduce((sum, { tokens }) => sum + tokens, 0);
      return context.json({ inventory: inventory.map(inventoryView), total });
    },
  }),
  call({
    method: "post",
    path,
    tag,
    summary: "List live tokens under a name",
    description:
      "Only their digests are kept. Nothing is blocked by it: a listed token becomes a leak where a source holds it. Those " +
      "that are listed under the name already change nothing.",
    access: "change",
    body: sourceBodies.inventory,
    answers: { 201: { description: "What is listed under the name now", schema: inventoryAdded } },
    handle: async ({ context, tenant: { store, pepper }, actor, body: { name, tokens } }) => {
      const digests = await digestTokens(tokens, pepper);
      screenTexts(store, pepper, { name }, digests);
      const { entry, added, known } = await store.inventory.add(actor, name, digests);
      return context.json({ ...inventoryView(entry), added, known }, 201);
    },
  }),
  call({
    method: "delete",
    path: `${path}/{name}`,
    tag,
    summary: "Forget the live tokens under a name",
    description: "Leaks that were found by them stay.",
    access: "change",
    answers: { 200: { description: "What was listed", schema: inventoryAnswer } },
    handle: async ({ context, tenant: { store }, actor, part }) => {
      const { entry } = await store.inventory.remove(actor, part("name"));
      return context.json(inventoryView(entry));
    },
  }),
];
