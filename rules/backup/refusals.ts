/** The backup is not what its manifest says, or not one of ours: nothing of it was used. */
export class BackupBroken extends Error {
  readonly code = "BackupBroken";
  constructor(why: string) {
    super(`the backup cannot be used: ${why}`);
  }
}

/** A folder that must be free holds something, or is in use. */
export class FolderTaken extends Error {
  readonly code = "FolderTaken";
}

/** Nothing says which pepper to use. */
export class PepperMissing extends Error {
  readonly code = "PepperUnusable";
  constructor(id: string) {
    super(
      `the backup holds no pepper, and needs the one with the id ${id}: name it with --pepper, or LEAKGATE_PEPPER_FILE`,
    );
  }
}
