/** Locks of the kernel on files, which end with the process that holds them; the package has no types of its own. */
declare module "fs-native-extensions" {
  interface LockOptions {
    /** For readers of the lock, any number of whom may hold it; otherwise one alone. */
    readonly shared?: boolean;
  }
  /** Whether it was granted at once. Throws errors of the system. */
  export function tryLock(fd: number, options?: LockOptions): boolean;
  /** Waits in a thread of libuv's pool. */
  export function waitForLock(fd: number, options?: LockOptions): Promise<void>;
  export function unlock(fd: number): void;
}
