import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type ApiProblem, api, chooseTenant } from "./api.ts";
import { useIsLive } from "./live.ts";
import { useLoaded } from "./loading.ts";
import { goToTenant, usePlace } from "./location.ts";
import { Icon, type IconName } from "./parts/icons.tsx";
import { Sayings, say } from "./parts/said.tsx";
import { Link } from "./parts/small.tsx";
import { pageOf } from "./routes.tsx";
import { isGlobal, mayChange, type Session, SessionContext, signOut, type Who } from "./session.tsx";
import type { Tenant } from "./shapes.ts";
import { chooseTheme, onTheme, theme } from "./theme.ts";
import { roleWord } from "./words.ts";

const NAVIGATION: readonly { to: string; label: string; icon: IconName; changersOnly?: boolean }[] = [
  { to: "/", label: "API Leaks", icon: "leak" },
  { to: "/events", label: "Events", icon: "events" },
  { to: "/sources", label: "Sources", icon: "sources" },
  { to: "/rules", label: "Rules", icon: "rules" },
  { to: "/keys", label: "Keys and users", icon: "keys", changersOnly: true },
  { to: "/audit", label: "Audit", icon: "audit" },
  { to: "/settings", label: "Settings", icon: "settings" },
  { to: "/status", label: "Status", icon: "status" },
];
const DEFAULT_TENANT = "default";

interface ShellProps {
  readonly who: Who;
  readonly onSignedOut: () => void;
}

/** What stands around every page: navigation, tenant, who is signed in. */
export function Shell({ who, onSignedOut }: ShellProps) {
  const { path, query } = usePlace();
  const tenant = who.tenant ?? query.get("tenant") ?? DEFAULT_TENANT;
  chooseTenant(isGlobal(who.role) ? tenant : null);
  const [isNavigationOpen, setNavigationOpen] = useState(false);
  const session = useMemo<Session>(
    () => ({
      who,
      tenant,
      mayChange: mayChange(who.role),
      isGlobal: isGlobal(who.role),
      signOut: async () => {
        try {
          const { logoutUrl } = await signOut();
          onSignedOut();
          // Who came by a provider signs out there too, and is sent back here.
          if (logoutUrl !== null) location.assign(logoutUrl);
        } catch (error) {
          if ((error as ApiProblem).status === 401) onSignedOut();
          else say(`You are still signed in: ${(error as ApiProblem).message}`, true);
        }
      },
    }),
    [who, tenant, onSignedOut],
  );
  const page = pageOf(path);
  const isLive = useIsLive();
  useEffect(() => {
    if (!isNavigationOpen) return;
    const close = ({ key }: KeyboardEvent) => key === "Escape" && setNavigationOpen(false);
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [isNavigationOpen]);
  const visited = useRef(path);
  useEffect(() => {
    if (visited.current === path) return;
    visited.current = path;
    scrollTo(0, 0);
  }, [path]);

  return (
    <SessionContext.Provider value={session}>
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <div class="shell">
        <header class="side">
          <div class="side-top">
            <Link to="/" class="brand">
              <Icon name="shield" size={24} /> Leakgate
            </Link>
            <button
              type="button"
              class="icon-button narrow-only"
              aria-label="Navigation"
              aria-expanded={isNavigationOpen}
              aria-controls="navigation"
              onClick={() => setNavigationOpen(!isNavigationOpen)}
            >
              <Icon name="menu" size={22} />
            </button>
          </div>
          <div id="navigation" class={isNavigationOpen ? "side-rest is-open" : "side-rest"}>
            {session.isGlobal && <TenantSwitch tenant={tenant} section={page.section} />}
            <nav aria-label="Pages">
              <ul>
                {NAVIGATION.filter(({ changersOnly }) => !changersOnly || session.mayChange).map(
                  ({ to, label, icon }) => (
                    <li key={to}>
                      <Link
                        to={to}
                        current={page.section === to ? "page" : undefined}
                        onGo={() => setNavigationOpen(false)}
                      >
                        <Icon name={icon} /> {label}
                      </Link>
                    </li>
                  ),
                )}
              </ul>
            </nav>
            <div class="side-foot">
              <p class="who">
                <b>{who.name}</b>
                <span class="quiet">
                  {roleWord(who.role)}
                  {!session.isGlobal && `, ${tenant}`}
                </span>
              </p>
              <div class="side-acts">
                <ThemeSwitch />
                <button type="button" class="quiet-button" onClick={session.signOut}>
                  <Icon name="out" /> Sign out
                </button>
              </div>
            </div>
          </div>
        </header>
        {!isLive && (
          <p class="not-live" role="status">
            Not live; trying again
          </p>
        )}
        <main id="page" tabIndex={-1} key={tenant}>
          {page.render()}
        </main>
      </div>
      <Sayings />
    </SessionContext.Provider>
  );
}

interface TenantSwitchProps {
  readonly tenant: string;
  /** The page that is looked at; a leak's is another tenant's list. */
  readonly section: string;
}

function TenantSwitch({ tenant, section }: TenantSwitchProps) {
  const tenants = useLoaded(
    `tenants beside ${tenant}`,
    (signal) => api<{ tenants: Tenant[] }>("GET", "/tenants", { signal }),
    true,
  );
  const names = tenants.value?.tenants.map(({ name }) => name) ?? [tenant];
  return (
    <label class="tenant-switch">
      <span>Tenant</span>
      <select
        value={tenant}
        onFocus={tenants.reload}
        onChange={({ currentTarget: { value } }) =>
          goToTenant(value === DEFAULT_TENANT ? null : value, section)
        }
      >
        {[...new Set([...names, tenant])].map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function ThemeSwitch() {
  const [shown, setShown] = useState(theme());
  useEffect(() => onTheme(() => setShown(theme())), []);
  const other = shown === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Use ${other} colours`}
      onClick={() => chooseTheme(other)}
    >
      <Icon name={shown === "dark" ? "sun" : "moon"} />
    </button>
  );
}
