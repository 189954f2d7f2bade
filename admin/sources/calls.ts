import type { z } from "zod";
import { SourceUnknown } from "../../rules/refusal.ts";
import { screenTexts } from "../../rules/screen.ts";
import type { Source, SourceOptions } from "../../rules/source.ts";
import { checkSource } from "../../rules/source.ts";
import type { GivenCredential } from "../../rules/store/sources.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { type Call, call } from "../call.ts";
import { Problem } from "../problem.ts";
import { checkAllowed } from "../scan/allowed.ts";
import type { Services } from "../services.ts";
import type { View } from "../views.ts";
import { sourceAnswer, sourceList } from "./answers.ts";
import { sourceBodies, sourceParameters } from "./inputs.ts";
import { tag } from "./tag.ts";
import { sourceView } from "./views.ts";

const path = "/sources";
const answers = { 200: { description: "The source", schema: sourceAnswer } };

/** `/sources`: what is watched for tokens. Administrators change, analysts look. */
export function sourceCalls(services: Services): readonly Call[] {
  return [...listCalls(services), ...oneCalls(services), ...lookCalls(services)];
}

function listCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path,
      tag,
      summary: "The sources that are watched, each with its state",
      access: "look",
      query: sourceParameters.list,
      answers: { 200: { description: "The sources, in the order of their making", schema: sourceList } },
      handle: ({ context, tenant, query: { limit, cursor } }) => {
        const { sources, next } = tenant.store.sources.list({ limit, after: cursor });
        return context.json({
          sources: sources.map((source) => view(services, tenant, source)),
          total: tenant.store.sources.count(),
          watching: services.config.scan.enabled,
          next,
        });
      },
    }),
    call({
      method: "post",
      path,
      tag,
      summary: "Watch a source; it is looked at now, and then as its schedule says",
      description:
        "Folders, archives, images and repositories on the disk must lie in `scan.paths`. A credential is sealed and " +
        "never shown.",
      access: "change",
      body: sourceBodies.create,
      answers: { 201: { description: "The source", schema: sourceAnswer, headers: ["Location"] } },
      handle: async ({ context, tenant, actor, body: { credential, risk, rules, assignments, ...rest } }) => {
        const input = checkSource({ ...rest, options: { risk, rules, assignments } });
        check(services, tenant, input, heldAs(credential));
        const given = givenOf(services, tenant, credential);
        const firstAt = input.schedule === null ? null : Date.now();
        const { source } = await tenant.store.sources.add(actor, input, given ?? null, firstAt);
        services.watch.wake();
        context.header("location", `/api/v1${path}/${source.id}`);
        return context.json(view(services, tenant, source), 201);
      },
    }),
  ];
}

function oneCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path: `${path}/{id}`,
      tag,
      summary: "One source, with its state",
      access: "look",
      answers,
      handle: ({ context, tenant, part }) => context.json(view(services, tenant, known(tenant, part("id")))),
    }),
    call({
      method: "patch",
      path: `${path}/{id}`,
      tag,
      summary: "Change a source; its kind stays",
      description:
        "Another address loses the credential, where none is given with it, and is read from its beginning. What failed for " +
        "good is tried again.",
      access: "change",
      body: sourceBodies.update,
      answers,
      handle: async ({ context, tenant, actor, body, part }) => {
        const before = known(tenant, part("id"));
        const { credential, risk, rules, assignments, ...rest } = body;
        const options: SourceOptions = {
          risk: risk === undefined ? before.options.risk : risk,
          rules: rules === undefined ? before.options.rules : rules,
          assignments: assignments ?? before.options.assignments,
        };
        const { kind, address, schedule, enabled } = before;
        const wished = checkSource({ kind, address, schedule, enabled, ...defined(rest), options });
        const isMoved = wished.address !== address;
        check(
          services,
          tenant,
          wished,
          heldAs(credential === undefined && !isMoved ? before.credential : credential),
        );
        const given = givenOf(services, tenant, credential);
        const { kind: _, ...patch } = wished;
        const now = Date.now();
        const isNew = isMoved || (!enabled && wished.enabled);
        const next = isNew
          ? now
          : services.watch.plan(tenant, { id: before.id, schedule: wished.schedule }, now);
        const { source } = await tenant.store.sources.update(
          actor,
          before.id,
          { ...patch, ...(given === undefined ? {} : { credential: given }) },
          wished.schedule === null ? null : next,
        );
        services.watch.wake();
        return context.json(view(services, tenant, source));
      },
    }),
    call({
      method: "delete",
      path: `${path}/{id}`,
      tag,
      summary: "Watch a source no longer",
      description: "Leaks that came of it stay; its credential is forgotten.",
      access: "change",
      answers,
      handle: async ({ context, tenant, actor, part }) => {
        const { source } = await tenant.store.sources.remove(actor, part("id"));
        services.watch.wake();
        return context.json(view(services, tenant, source));
      },
    }),
  ];
}

function lookCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "post",
      path: `${path}/{id}/run`,
      tag,
      summary: "Look at a source now",
      description:
        "As soon as one of the `scan.parallel` looks is over. What failed for good is tried again.",
      access: "change",
      answers,
      handle: async ({ context, tenant, part }) => {
        const source = known(tenant, part("id"));
        if (!source.enabled) throw new Problem(409, "The source is switched off: switch it on first.");
        if (services.watch.progressOf(tenant, source.id) === null) {
          await tenant.store.sources.states.write(source, { nextRunAt: Date.now(), isPaused: false });
          services.watch.wake();
        }
        return context.json(view(services, tenant, source));
      },
    }),
    call({
      method: "post",
      path: `${path}/{id}/stop`,
      tag,
      summary: "Stop the look at a source",
      description: "The next one goes on from where it came to. Where nobody looks, nothing changes.",
      access: "change",
      answers,
      handle: ({ context, tenant, part }) => {
        const source = known(tenant, part("id"));
        services.watch.stop(tenant, source.id);
        return context.json(view(services, tenant, source));
      },
    }),
  ];
}

type Credential = z.output<typeof sourceBodies.update>["credential"];

/** A credential as `checkAllowed` asks for it. */
function heldAs(credential: Credential | Source["credential"]): string | true | null {
  if (credential == null) return null;
  return "name" in credential ? credential.name : true;
}

/** Throws InputRefused. */
function check(
  { config }: Services,
  { store, pepper }: Tenant,
  source: Pick<Source, "kind" | "address" | "schedule" | "options">,
  credential: string | true | null,
): void {
  checkAllowed(config.scan, source, credential);
  screenTexts(store, pepper, { address: source.address });
}

function givenOf(
  { watch }: Services,
  tenant: Tenant,
  credential: Credential,
): GivenCredential | null | undefined {
  if (credential == null) return credential;
  if ("name" in credential) return { kind: "named", name: credential.name };
  const { secret } = credential;
  return { kind: "sealed", seal: (id) => watch.sealerOf(tenant).seal(id, secret) };
}

function known({ store }: Tenant, id: string): Source {
  const source = store.sources.get(id);
  if (source === null || source.removedAt !== null) throw new SourceUnknown(id);
  return source;
}

function view({ watch }: Services, tenant: Tenant, source: Source): View {
  const { states } = tenant.store.sources;
  return sourceView(source, states.get(source.id), watch.progressOf(tenant, source.id));
}

/** Without the fields that were not given. */
function defined<T extends object>(fields: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Name in keyof T]: Exclude<T[Name], undefined> };
}
