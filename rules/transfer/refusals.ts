/** A line of the file cannot be what an export writes: nothing of the file was imported. */
export class TransferRefused extends Error {
  readonly code = "TransferRefused";
  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
  }
}

/** Digests under one pepper say nothing under another. */
export class TransferPepper extends Error {
  readonly code = "PepperMismatch";
  constructor(exported: string, here: string) {
    super(
      `the file was exported under the pepper ${exported}, and this data folder has the pepper ${here}: ` +
        "no digest of the one would ever match under the other",
    );
  }
}
