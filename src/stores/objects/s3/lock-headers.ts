import { createHash } from 'node:crypto';
import type { Bucket } from './bucket.ts';

/** What makes an object that is written one that nobody can remove. Servers know whole seconds. */
export function lockHeaders({ lockUntilMs }: Bucket) {
  if (lockUntilMs === undefined) return undefined;
  return {
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: wholeSecond(lockUntilMs),
  } as const;
}

/** Amazon asks for it with what is locked, beside the sha256 that is signed. */
export function md5Header({ lockUntilMs }: Bucket, bytes: Uint8Array) {
  if (lockUntilMs === undefined) return undefined;
  return { ContentMD5: createHash('md5').update(bytes).digest('base64') };
}

/** Not earlier than a time. */
export function wholeSecond(timeMs: number): Date {
  return new Date(Math.ceil(timeMs / 1000) * 1000);
}
