import type { BackupKind, Site, SiteStorage } from '../../config/model/site.ts';
import { openLog } from '../../repository/content/open-log.ts';
import { readFingerprint } from '../../repository/records/fingerprints.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import { blobsInTree } from '../../states/blobs/blobs-in-tree.ts';
import { type FindBlob, firstWithBlob } from '../../states/blobs/find-blob.ts';
import { openState } from '../../states/open-state.ts';
import type { State } from '../../states/state.ts';
import { folderTree } from '../../stores/folder-tree.ts';
import { Failure } from '../../system/failure.ts';
import type { OpenedSource } from '../../system/files/byte-source.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { type BackupPlace, findBackupPlaces } from './backup-places.ts';
import { type JobContext, stoppable, withStep } from './events.ts';
import { openLiveLog } from './live-log.ts';
import { type OpenedPoint, openPoint } from './open-point.ts';
import { settleTarget } from './settle-target.ts';
import { blobsOfStorage } from './states/blobs-of-storage.ts';
import {
  type CheckedFingerprint,
  refuseOtherObjects,
  takeFingerprint,
} from './states/checked-fingerprint.ts';
import { inStorage } from './states/in-storage.ts';
import { unpack } from './unpack.ts';

/** Which state of a site. */
export type WantedMoment =
  /** The live files, as they are now. */
  | { readonly kind: 'live' }
  /** Backups of a kind. */
  | {
      readonly kind: 'target';
      readonly target: RestoreTarget;
      readonly backupKind: BackupKind;
    };

/** The state of one storage. */
export interface StorageState {
  /** `Data` is the main one. */
  readonly storage: string;
  readonly state: State;
  /** Undefined where nobody wanted to know. */
  readonly fingerprint: CheckedFingerprint | undefined;
}

/** The states of the storages of a site at one moment. They are closed together. */
export interface OpenedStates extends AsyncDisposable {
  /** In the order in which the site has them: the main one comes last. */
  readonly all: readonly StorageState[];
}

/**
 * Opens the state of each storage of a site. Nothing is locked, nothing is written into the site or its backups; what
 * another program has compressed is unpacked into the folder for derived files. Failures: `usage` where no storage has
 * that name, or none has a Data.fs; `not-found`; `damaged`; `system`, where there is no room to unpack.
 *
 * @param storage - the only one that is wanted; undefined: all
 * @param isChecked - whether all of each backup is read first, and held against what a verification has found there;
 *   live files are not
 */
export async function openStates(
  site: Site,
  {
    moment,
    storage,
    isChecked,
    context,
  }: {
    readonly moment: WantedMoment;
    readonly storage: string | undefined;
    readonly isChecked: boolean;
    readonly context: JobContext;
  },
): Promise<OpenedStates> {
  await using opened = new DisposableStack();
  const all: StorageState[] = [];
  const isWanted = (name: string) => storage === undefined || name === storage;
  if (moment.kind === 'live') {
    for (const one of site.storages.filter(({ name }) => isWanted(name))) {
      const state = opened.use(await openLive(one, context));
      all.push({ storage: one.name, state, fingerprint: undefined });
    }
  } else {
    const { backupKind: kind } = moment;
    const target = await settleTarget(moment.target, { site, kind, backups: context.backups });
    const { backups } = context;
    const places = await findBackupPlaces(site, { kind, backups });
    for (const place of places) {
      const { repository } = place;
      if (repository === undefined || !isWanted(place.storage)) continue;
      const work = () => openBackup(place, { site, repository, target, isChecked, context });
      const one = await inStorage(place.storage, { places, backups, work });
      opened.use(one.state);
      all.push(one);
    }
  }
  if (all.length === 0) throw noStorage(site, storage);
  const kept = opened.move();
  return { all, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

async function openLive({ dataFs, blobs }: SiteStorage, context: JobContext): Promise<State> {
  const findBlob = firstWithBlob(blobs === undefined ? [] : [blobsInTree(folderTree(blobs))]);
  return readState(await openLiveLog(dataFs), { findBlob, context });
}

async function openBackup(
  place: BackupPlace,
  {
    site,
    repository,
    target,
    isChecked,
    context,
  }: {
    readonly site: Site;
    readonly repository: string;
    readonly target: RestoreTarget;
    readonly isChecked: boolean;
    readonly context: JobContext;
  },
): Promise<StorageState> {
  const { backups } = context;
  const { store, point } = await openPoint(repository, { target, aim: 'open', backups });
  // Archives are opened when somebody asks for a blob of them: they are closed with the log.
  const files = new DisposableStack();
  const close = () => files[Symbol.asyncDispose]();
  try {
    const findBlob = await blobsOfStorage(place, { site, backups, archives: files });
    const log = files.use(await openLog(store, { point, unpack }));
    const fingerprint = isChecked ? await checkState(log, { store, point, context }) : undefined;
    const state = await readState({ ...log, [Symbol.asyncDispose]: close }, { findBlob, context });
    return { storage: place.storage, state, fingerprint };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Failure `damaged` where the state is another one than a verification has found. */
async function checkState(
  log: OpenedSource,
  { store, point, context }: OpenedPoint & { readonly context: JobContext },
): Promise<CheckedFingerprint> {
  const remembered = await readFingerprint(store, point);
  const found = await takeFingerprint(log, { step: 'verify', context });
  const action = `open "${log.name}"`;
  refuseOtherObjects({ found, remembered }, { action, hint: { kind: 'verify-deeply' } });
  return { found, remembered };
}

function readState(
  log: Parameters<typeof openState>[0],
  { findBlob, context }: { readonly findBlob: FindBlob; readonly context: JobContext },
): Promise<State> {
  return withStep(context, {
    step: 'read',
    totalBytes: log.sizeBytes,
    work: async (progress) => {
      progress.onFile(log.name);
      const { onBytes } = stoppable(progress, context.signal);
      return openState(log, { findBlob, onBytes });
    },
  });
}

function noStorage(site: Site, storage: string | undefined): Failure {
  if (storage === undefined) {
    return new Failure('usage', `Cannot open "${site.part}": only its blobs are backed up`, {
      hint: 'Open a site of which the Data.fs is backed up.',
    });
  }
  return new Failure('usage', `Cannot find the storage "${storage}"`, {
    hint: `There are these: ${site.storages.map(({ name }) => name).join(', ')}.`,
  });
}
