import { createHash } from 'node:crypto';

/** The sha256 of some bytes, in hex. */
export function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
