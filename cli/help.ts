/** What `leakgate help` says after the list of commands. */
export const after = `
A first round, on the defaults and a built-in sample API:
  $ leakgate serve &                              # prints an administrator's key at the first start
  $ curl -i 127.0.0.1:8080 -H 'x-api-key: made-up-token-0001'                    # 200
  $ echo made-up-token-0001 | leakgate leaks add --name "Key in a build log" --risk 8 --apply
  $ curl -i 127.0.0.1:8080 -H 'x-api-key: made-up-token-0001'                    # 403
  $ leakgate serve --upstream http://127.0.0.1:3000                              # before your own API

Looking after it:
  $ leakgate leaks list --status opened --risk high
  $ leakgate leaks close leak-1 --reason revoked --comment "revoked at the provider"
  $ leakgate findings import gitleaks.json        # what another scanner found; its format is told from the report
  $ leakgate scan . --dry-run                     # tokens in a repository's history, or in files
  $ leakgate events 'leak:leak-1 last 7 days' --group-by ip
  $ leakgate audit verify                         # prints the head of the journal: keep it elsewhere
  $ leakgate backup ./backup-1 --with-events      # while the gateway runs

Settings, the first that is there counts: flag, variable, leakgate.yaml, default. A variable that is empty is not set.
  LEAKGATE_UPSTREAM, LEAKGATE_UPSTREAM_HOST, LEAKGATE_LISTEN, LEAKGATE_ADMIN, LEAKGATE_DATA, LEAKGATE_WORKERS,
  LEAKGATE_LOG_LEVEL    as the flags of these names
  LEAKGATE_CONFIG       the configuration file, instead of ./leakgate.yaml
  LEAKGATE_PEPPER_FILE  the pepper, kept apart from the data folder and its backups
  LEAKGATE_OIDC_CLIENT_SECRET  the secret of this gateway at the OpenID provider
  LEAKGATE_INTAKE_...   secrets of those who tell of leaked tokens, by the names that leakgate.yaml gives

Files:
  ./leakgate.yaml       settings; "leakgate check-config --print" shows all of them
  <data>/pepper         without it no stored digest matches anything: keep a copy, and keep it secret
  <data>/rules          leaks, rules, keys and the journal
  <data>/events         attempts; <data>/runtime is what the workers report of themselves
  <data>/cache          copies of repositories that were scanned; may be deleted
  <data>/tenants/NAME   the same of another tenant; <data>/control holds the keys of global roles

Exit codes:
  0 done   1 failed while running   2 command line, configuration or input is wrong, nothing was done
  3 the data folder cannot be used (wrong pepper, newer version, absent, in use, not empty)   4 the address is in use
`;
