/** What an exit code of `leakgate` means; `leakgate help` and docs/operations.md say the same. */
export const ExitCode = {
  ok: 0,
  /** Something failed while running. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  usage: 2,
  /** The data folder cannot be used: wrong pepper, newer schema, absent, or in use by another instance. */
  data: 3,
  /** The address is in use or cannot be bound. */
  address: 4,
} as const;

const CODES: Record<string, number> = {
  PepperMismatch: ExitCode.data,
  SchemaTooNew: ExitCode.data,
  SchemaOutdated: ExitCode.data,
  StoreAbsent: ExitCode.data,
  TenantUnknown: ExitCode.data,
  StoreLocked: ExitCode.data,
  PepperUnusable: ExitCode.data,
  FolderTaken: ExitCode.data,
  TransferRefused: ExitCode.usage,
  EADDRINUSE: ExitCode.address,
  EADDRNOTAVAIL: ExitCode.address,
};

/** The exit code for an error, by its `code`, else by its class's name. */
export function exitCodeOf(error: unknown): number {
  const { code, name, syscall } = error as { code?: unknown; name?: unknown; syscall?: unknown };
  // Of a port below 1024; of a file it is the data folder that cannot be used.
  if (code === "EACCES") return syscall === "listen" || syscall === "bind" ? ExitCode.address : ExitCode.data;
  return CODES[String(code)] ?? CODES[String(name)] ?? ExitCode.failed;
}
