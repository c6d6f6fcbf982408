import { Failure, isFailure } from '../../../system/failure.ts';
import { unfinishedName } from '../../../system/files/new-file.ts';
import { severalAtATime } from '../../../system/streams/cooperative.ts';
import type { ObjectStore, PutCondition, PutOutcome, UploadOptions } from '../object-store.ts';
import { requirePut } from '../put-rules.ts';
import { type Bandwidth, throttled } from '../transfer/bandwidth.ts';
import { checkedContent } from '../transfer/checked-content.ts';
import { connect, type SftpSettings } from './connect.ts';
import { parentOf } from './parent-of.ts';
import { discard, publish, publishUnlessTaken } from './publish.ts';
import { openRemote } from './remote-file.ts';
import { RemoteFolders } from './remote-folders.ts';
import { objectOf, objectsBelow, unfinishedBelow } from './remote-keys.ts';
import { explainFull } from './remote-room.ts';
import { writeRemote } from './remote-writer.ts';
import { formatSftpUrl, pathIn, type SftpAddress } from './sftp-address.ts';
import { absentThere } from './sftp-error.ts';
import { SftpLink } from './sftp-link.ts';
import { besideKey, lastNameOf, nameIn, remotePathOf, type SftpPlace } from './sftp-place.ts';
import { OPEN, type SftpExtensions, type SftpSession } from './sftp-session.ts';

/**
 * An {@link ObjectStore} in a folder of a server that speaks SFTP: a key is a path in it. The folder itself is never
 * made, only those in it; objects and folders have its rights.
 *
 * The server must let a file take the place of another one in one step. Nothing there replaces a file only if it is
 * still a certain one, so the condition `unchanged` is never kept; `absent` is where a file can get a second name.
 *
 * Failures: `refused` for a server that can't replace files, whose key isn't known, or that lets nobody in.
 */
export async function openSftpObjects(
  address: SftpAddress,
  { bandwidth, ...settings }: SftpSettings & { readonly bandwidth?: Bandwidth | undefined },
): Promise<ObjectStore> {
  const name = formatSftpUrl(address);
  const root = address.folder;
  const link = new SftpLink(() => connect(address, settings));
  try {
    const extensions = await link.run(`open ${name}`, async (session) => session.extensions);
    if (!extensions.canReplace) throw cannotReplace(name);
    const folders = new RemoteFolders(link, { root, name });
    return objectsIn({ link, root, name, folders }, { extensions, bandwidth });
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

function objectsIn(
  place: SftpPlace,
  {
    extensions,
    bandwidth,
  }: { readonly extensions: SftpExtensions; readonly bandwidth: Bandwidth | undefined },
): ObjectStore {
  const { link, name } = place;
  const conditions = extensions.canLink ? 'absent' : 'none';
  const nameOf = (key: string) => nameIn(place, key);
  const open = async (key: string) => openRemote(link, remotePathOf(place, key));
  return {
    name,
    nameOf,
    conditions,
    ...(!extensions.canSync && { isUnsynced: true }),
    pages: (prefix) => objectsBelow(place, prefix),
    look: (key) => look(place, key),
    open,
    read: async function* (key, range) {
      await using source = await open(key);
      yield* throttled(source.stream(range ?? { start: 0, end: source.sizeBytes }), bandwidth);
    },
    put: async (key, content, condition) => {
      requirePut({ conditions, nameOf }, { key, content, condition });
      await bandwidth?.take(content.length);
      return put(place, { key, content, condition });
    },
    upload: (key, content, options = {}) =>
      upload(place, { key, content: throttled(content, bandwidth), options }),
    remove: async (keys) => {
      for (const key of keys) remotePathOf(place, key);
      await remove(place, keys);
    },
    removeUnfinished: (prefix, beganBeforeMs) => removeUnfinished(place, { prefix, beganBeforeMs }),
    now: () => clockOf(place),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

async function look(place: SftpPlace, key: string) {
  const { path, name } = remotePathOf(place, key);
  const status = await place.link.run(`look at "${name}"`, (session) =>
    session.look(path).catch(absentThere),
  );
  return status?.kind === 'file' ? objectOf(key, status) : undefined;
}

async function put(
  place: SftpPlace,
  {
    key,
    content,
    condition,
  }: {
    readonly key: string;
    readonly content: Uint8Array;
    readonly condition: PutCondition | undefined;
  },
): Promise<PutOutcome> {
  const temporary = besideKey(key, unfinishedName(lastNameOf(key)));
  const done = { kind: 'put', version: undefined } as const;
  try {
    await write(place, { temporary, key, content: [content] });
    if (condition === undefined) {
      await publish(place, { temporary, key });
      return done;
    }
    const isPublished = await publishUnlessTaken(place, { temporary, key, content });
    await discard(place, temporary);
    return isPublished ? done : { kind: 'refused' };
  } catch (error) {
    await discard(place, temporary);
    throw error;
  }
}

async function upload(
  place: SftpPlace,
  {
    key,
    content,
    options: { onBytes, ...expected },
  }: {
    readonly key: string;
    readonly content: AsyncIterable<Uint8Array>;
    readonly options: UploadOptions;
  },
): Promise<void> {
  const { name } = remotePathOf(place, key);
  const { sha256 } = expected;
  const temporary = besideKey(key, unfinishedName(lastNameOf(key), sha256));
  try {
    const checked = checkedContent(content, { name, ...expected });
    await write(place, { temporary, key, content: checked, sha256, onBytes });
    await publish(place, { temporary, key });
  } catch (error) {
    // What has a checksum is gone on with.
    const isKept = sha256 !== undefined && isFailure(error, 'system', 'interrupted');
    if (!isKept) await discard(place, temporary);
    throw error;
  }
}

async function write(
  place: SftpPlace,
  {
    temporary,
    key,
    content,
    sha256,
    onBytes,
  }: {
    readonly temporary: string;
    readonly key: string;
    readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
    readonly sha256?: string | undefined;
    readonly onBytes?: ((count: number) => void) | undefined;
  },
): Promise<void> {
  const { link, root, folders } = place;
  const target = { path: pathIn(root, temporary), name: nameIn(place, key) };
  const mode = (await folders.mode()) & FILES;
  const makeFolder = (session: SftpSession) => folders.make(session, parentOf(key));
  try {
    await writeRemote(link, target, content, { sha256, makeFolder, mode, onBytes });
  } catch (error) {
    throw await explainFull(place, error, target.name);
  }
}

/** Rights without those to run a file. */
const FILES = 0o666;

async function remove(place: SftpPlace, keys: readonly string[]): Promise<void> {
  const { link, root, folders } = place;
  await severalAtATime(keys, (key) =>
    link.run(`remove "${nameIn(place, key)}"`, (session) =>
      session.removeFile(pathIn(root, key)).catch(absentThere),
    ),
  );
  await severalAtATime([...new Set(keys.map(parentOf))], (folder) =>
    link.run(`clean up ${place.name}`, (session) => folders.removeEmpty(session, folder)),
  );
}

async function removeUnfinished(
  place: SftpPlace,
  { prefix, beganBeforeMs }: { readonly prefix: string; readonly beganBeforeMs: number },
): Promise<void> {
  for await (const page of unfinishedBelow(place, prefix)) {
    const old = page.filter(({ modifiedMs }) => modifiedMs < beganBeforeMs);
    await remove(
      place,
      old.map(({ key }) => key),
    );
  }
}

/** The protocol has no word for the time: what was just made has it. */
async function clockOf({ link, root, name }: SftpPlace): Promise<number> {
  const path = pathIn(root, unfinishedName('clock'));
  return link.run(`write into ${name}`, async (session) => {
    const handle = await session.open(path, OPEN.write | OPEN.create, { mode: 0o600 });
    const { modifiedMs } = await session.statusOf(handle);
    await session.closeHandle(handle);
    await session.removeFile(path);
    return modifiedMs;
  });
}

function cannotReplace(name: string): Failure {
  const what = `Cannot write to ${name}: the server can't replace a file in one step`;
  return new Failure('refused', what, {
    hint: 'Its SFTP lacks "posix-rename@openssh.com". Use a server with OpenSSH, or another one that has it.',
  });
}
