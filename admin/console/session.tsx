import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api } from "./api.ts";
import type { SignInWays } from "./shapes.ts";

/** Who is signed in. */
export interface Who {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** Null where the role is global. */
  readonly tenant: string | null;
  readonly expiresAt: string | null;
}

export interface Session {
  readonly who: Who;
  /** The tenant that is looked at. */
  readonly tenant: string;
  /** Whether the role may change anything; an analyst is shown no means to. */
  readonly mayChange: boolean;
  readonly isGlobal: boolean;
  readonly signOut: () => Promise<void>;
}

export const SessionContext = createContext<Session | null>(null);

/** Who looks at the page; only below the shell. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("nobody is signed in");
  return session;
}

export const mayChange = (role: string) => role === "administrator" || role === "global_administrator";
export const isGlobal = (role: string) => role.startsWith("global_");

/** Who is signed in; the cookie tells. Throws ApiProblem (401: nobody). */
export const whoIsThere = () => api<Who>("GET", "/session");
/** How one may sign in besides with a key. */
export const signInWays = (signal: AbortSignal) => api<SignInWays>("GET", "/sign-in", { signal });
export const signIn = (key: string) => api<Who>("POST", "/session", { body: { key } });
export const signOut = () => api<{ logoutUrl: string | null }>("DELETE", "/session");
