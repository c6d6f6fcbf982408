import { THREAD_FAULTS } from '../support/bad-thread.ts';
import type { Call, CallClass } from './calls.ts';

/**
 * What is done to a run.
 *
 * - `kill`: the command, and what it started, is killed instead of making the call.
 * - `die`: the program that makes the call is killed, the command goes on.
 * - `error`: the kernel says no to the call.
 * - `kill-after`: everything is killed when so much time has gone.
 * - `limit`: no file may grow beyond so many bytes: the write that would is a short one, the next
 *   one fails. An honest short write: strace could only pretend one.
 * - `thread`: the threads that do some work misbehave, from so many blocks on.
 */
export type Fault =
  | { readonly kind: 'kill'; readonly call: Call }
  | { readonly kind: 'die'; readonly call: Call }
  | { readonly kind: 'error'; readonly call: Call; readonly errno: Errno }
  | { readonly kind: 'kill-after'; readonly milliseconds: number }
  | { readonly kind: 'limit'; readonly bytes: number }
  | ThreadFault;

interface ThreadFault {
  readonly kind: 'thread';
  readonly work: ThreadWork;
  readonly fault: (typeof THREAD_FAULTS)[number];
  readonly block: number;
}

/** Checksums that threads take of a large Data.fs. */
export type ThreadWork = 'content-md5' | 'checksum';

/** What threads can do wrong, at their first block and at a later one. */
export function faultsOfThreads(work: ThreadWork): readonly Fault[] {
  return THREAD_FAULTS.flatMap((fault) =>
    [1, 40].map((block): Fault => ({ kind: 'thread', work, fault, block })),
  );
}

export type Errno = 'ENOSPC' | 'EIO' | 'EDQUOT' | 'EROFS' | 'EMFILE';

/** The errors that Linux documents for calls of a class. */
const ERRORS: Readonly<Record<CallClass, readonly Errno[]>> = {
  write: ['ENOSPC', 'EIO', 'EDQUOT'],
  create: ['ENOSPC', 'EROFS', 'EMFILE', 'EDQUOT'],
  open: ['EMFILE'],
  'make-folder': ['ENOSPC', 'EROFS', 'EDQUOT'],
  rename: ['EIO', 'ENOSPC', 'EROFS'],
  link: ['EIO', 'ENOSPC', 'EDQUOT'],
  remove: ['EIO', 'EROFS'],
  truncate: ['EIO'],
  sync: ['EIO', 'ENOSPC'],
  attributes: ['EIO', 'EROFS'],
};

/**
 * Everything that is done at a call. Of the programs only that they fail matters, whatever for: one
 * error each.
 */
export function faultsAt(call: Call): readonly Fault[] {
  const errors = ERRORS[call.class].map((errno): Fault => ({ kind: 'error', call, errno }));
  const kill: Fault = { kind: 'kill', call };
  switch (call.tracee.kind) {
    case 'thread':
      return call.class === 'open' ? errors : [kill, ...errors];
    case 'program':
      return call.class === 'open' ? [] : [kill, { kind: 'die', call }, ...errors.slice(0, 1)];
    default:
      return call.tracee satisfies never;
  }
}
