import { Failure, isFailure } from '../../../system/failure.ts';
import { isStatus, STATUS } from './sftp-error.ts';
import type { SftpPlace } from './sftp-place.ts';
import type { SftpSession } from './sftp-session.ts';

/** Less room than this is none: a server keeps some blocks back. */
const NO_ROOM_BYTES = 1 << 20;

/** Says so where a write failed since the disk of the server is full: the protocol has no word for it. */
export async function explainFull(
  place: SftpPlace,
  error: unknown,
  name: string,
): Promise<unknown> {
  if (!isFailure(error, 'system') || !isStatus(error.cause, STATUS.failure)) return error;
  const look = async (session: SftpSession) =>
    session.extensions.canTellRoom ? session.freeBytes(place.root) : undefined;
  const free = await place.link.run('look at the disk of the server', look).catch(() => undefined);
  if (free === undefined || free > NO_ROOM_BYTES) return error;
  return new Failure('system', `Cannot write "${name}": no space left on the disk of the server`, {
    hint: 'Free some space there, or keep less in this copy. Then run the command again.',
    cause: error,
  });
}
