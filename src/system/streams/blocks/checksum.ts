import { createHash } from 'node:crypto';
import { serveTaker } from './serve-taker.ts';
import type { TakerKind } from './taker.ts';

/** Takes a checksum; the result is in hexadecimal digits. */
export const CHECKSUM: TakerKind<'md5' | 'sha256', string> = {
  name: 'checksum',
  make: (algorithm) => {
    const hash = createHash(algorithm);
    return { take: (chunk) => hash.update(chunk), result: () => hash.digest('hex') };
  },
  isResult: isChecksum,
};

/** Whether it has the form of an md5 or a sha256. */
export function isChecksum(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(value);
}

serveTaker(CHECKSUM);
