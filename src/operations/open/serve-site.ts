import type { Site } from '../../config/model/site.ts';
import { formatTid, formatTidTime } from '../../filestorage/tid.ts';
import type { ServerAddress } from '../../system/server-address.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { startZeoServer } from '../../zeo/server.ts';
import type { ServerEvent } from '../../zeo/server-event.ts';
import type { JobContext, JobEvent } from '../run/events.ts';
import { openStates, type StorageState, type WantedMoment } from '../run/open-state.ts';
import { settleTarget } from '../run/settle-target.ts';
import type { CheckedFingerprint } from '../run/states/checked-fingerprint.ts';
import { withoutSplitCommits } from '../run/whole-commits.ts';

/** What ZEO clients ask for that are told no other name: the main storage of a server (`<filestorage 1>`). */
const NAME_OF_MAIN = '1';

/** What is served: a storage, or all of a site. */
export interface ServedPlace {
  readonly site: Site;
  readonly moment: WantedMoment;
  /** The only storage; undefined: all. */
  readonly storage: string | undefined;
  readonly context: JobContext;
}

/** How it is served. */
export interface ServeSettings {
  readonly address: ServerAddress;
  /** Whether all of it is read before, and held against what a verification has found. */
  readonly isChecked: boolean;
}

/** A site that clients read. Disposed of, it is closed for them. */
export interface ServedSite extends AsyncDisposable {
  readonly address: ServerAddress;
  /** The main one comes last. */
  readonly storages: readonly ServedState[];
  /** Rejects where the server can't go on. */
  readonly failed: Promise<never>;
}

export interface ServedState {
  /** As the site calls it. */
  readonly storage: string;
  /** As ZEO clients call it. */
  readonly zeoName: string;
  /** Its last transaction: 16 hex digits; ISO 8601 in UTC, with microseconds. */
  readonly tid: string;
  readonly time: string;
  readonly objects: number;
  /** Of its log. */
  readonly bytes: number;
  /** Undefined where it wasn't checked. */
  readonly fingerprint: CheckedFingerprint | undefined;
}

/**
 * Opens the storages of a site as they were, for ZEO clients that read: each under the name that it has at the site's
 * own ZEO server. Takes no lock, and writes nothing into the site or its backups. Failures: those of
 * {@link openStates} and {@link startZeoServer}.
 */
export async function serveSite(
  { site, moment, storage, context }: ServedPlace,
  { address, isChecked }: ServeSettings,
): Promise<ServedSite> {
  await using opened = new DisposableStack();
  const whole = storage === undefined ? await wholeMoment(moment, { site, context }) : moment;
  const { all } = opened.use(
    await openStates(site, { moment: whole, storage, isChecked, context }),
  );
  const main = site.storages.at(-1)?.name;
  const zeoNameOf = (name: string) => (name === main ? NAME_OF_MAIN : name);
  const server = opened.use(
    await startZeoServer({
      storages: all.map(({ storage: name, state }) => ({
        name: zeoNameOf(name),
        state,
        hasBlobs: hasBlobs(site, name),
      })),
      address,
      onEvent: (event) => context.onEvent(asJobEvent(event)),
    }),
  );
  const { failed } = server;
  const kept = opened.move();
  return {
    address: server.address,
    storages: all.map((one) => describe(one, zeoNameOf(one.storage))),
    failed,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** All storages are served as of one moment, which splits no commit; said where it was moved. */
async function wholeMoment(
  moment: WantedMoment,
  { site, context }: { readonly site: Site; readonly context: JobContext },
): Promise<WantedMoment> {
  if (moment.kind === 'live') return moment;
  const { backups, onEvent } = context;
  const among = { site, kind: moment.backupKind, backups };
  const settled = await settleTarget(moment.target, among);
  const { target, split } = await withoutSplitCommits(settled, { ...among, aim: 'open' });
  if (split !== undefined) onEvent({ kind: 'notice', code: 'moved-before-commit', ...split });
  return { ...moment, target };
}

function describe({ storage, state, fingerprint }: StorageState, zeoName: string): ServedState {
  const { tid, objectCount: objects, sizeBytes: bytes } = state;
  const last = { tid: formatTid(tid), time: formatTidTime(tid) };
  return { storage, zeoName, ...last, objects, bytes, fingerprint };
}

/** Live ones, or backups of some. */
function hasBlobs({ contents, storages }: Site, storage: string): boolean {
  if (contents === 'filestorages') return false;
  const found = storages.find(({ name }) => name === storage);
  return found?.blobs !== undefined || found?.folders.backup.blobs !== undefined;
}

function asJobEvent(event: ServerEvent): JobEvent {
  switch (event.kind) {
    case 'call-failed':
      return { ...event, kind: 'warning', code: 'call-failed' };
    case 'blob-missing':
      return { ...event, kind: 'warning', code: 'blob-not-found' };
    default:
      return event;
  }
}
