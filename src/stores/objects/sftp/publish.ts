import { Failure } from '../../../system/failure.ts';
import { collect } from '../../../system/streams/pipeline.ts';
import { parentOf } from './parent-of.ts';
import { openRemote } from './remote-file.ts';
import { pathIn } from './sftp-address.ts';
import { absentThere, isStatus, STATUS } from './sftp-error.ts';
import { remotePathOf, type SftpPlace } from './sftp-place.ts';

/** A file that is complete, and the key that it gets. */
export interface Publication {
  /** Where it is, below the folder of the store. */
  readonly temporary: string;
  readonly key: string;
}

/** Gives a file its key, in one step, in place of what has it, and makes that last. */
export async function publish(place: SftpPlace, { temporary, key }: Publication): Promise<void> {
  const { path, name } = remotePathOf(place, key);
  await place.link.run(`write "${name}"`, async (session, attempt) => {
    try {
      await session.replace(pathIn(place.root, temporary), path);
    } catch (error) {
      // An answer was lost, and it has its name already.
      const isDone = attempt > 1 && isStatus(error, STATUS.noSuchFile);
      if (!isDone || (await session.look(path).catch(absentThere)) === undefined) throw error;
    }
    await place.folders.sync(session, parentOf(key));
  });
}

/**
 * The same where nothing has that key; false: something has it, and stays as it is. Failure `system` where the file
 * system of the server has no hard links.
 *
 * @param content - all of the file: it tells whether what has the key is ours
 */
export async function publishUnlessTaken(
  place: SftpPlace,
  { temporary, key, content }: Publication & { readonly content: Uint8Array },
): Promise<boolean> {
  const file = remotePathOf(place, key);
  const outcome = await place.link.run(`write "${file.name}"`, async (session, attempt) => {
    try {
      await session.link(pathIn(place.root, temporary), file.path);
    } catch (error) {
      if (!isStatus(error, STATUS.failure, STATUS.unsupported, STATUS.permissionDenied))
        throw error;
      if ((await session.look(file.path).catch(absentThere)) === undefined)
        throw isStatus(error, STATUS.permissionDenied) ? error : noLinks(file.name, error);
      // The answer to the first attempt was lost: it may have done it.
      return attempt === 1 ? 'taken' : 'perhaps ours';
    }
    await place.folders.sync(session, parentOf(key));
    return 'ours';
  });
  if (outcome !== 'perhaps ours') return outcome === 'ours';
  await using source = await openRemote(place.link, file);
  if (source.sizeBytes !== content.length) return false;
  return (await collect(source.stream({ start: 0, end: content.length }))).equals(content);
}

/** Takes away what was written for nothing. That it can't be is no matter: old files of that kind are removed later. */
export async function discard(place: SftpPlace, temporary: string): Promise<void> {
  await place.link
    .run('clean up', (session) => session.removeFile(pathIn(place.root, temporary)))
    .catch((error) => {
      if (!(error instanceof Failure)) throw error;
    });
}

function noLinks(name: string, cause: unknown): Failure {
  return new Failure(
    'system',
    `Cannot create "${name}" only if nothing has its name: the file system of the server has no hard links`,
    { hint: 'Choose a folder on another file system of the server, as ext4 or XFS.', cause },
  );
}
