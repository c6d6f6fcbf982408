import { rotate } from '../../blobs/layout/blob-folder.ts';
import type { BlobCatalogue, BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { EntryId } from '../../blobs/layout/entry-name.ts';
import type { OpenBlobFolder } from '../../blobs/layout/open-blob-folder.ts';
import type { BlobRecord } from '../../blobs/layout/record.ts';
import type { SplitBlobs } from '../../blobs/ownership/ownership.ts';
import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Store } from '../../stores/store.ts';
import { VERSION } from '../../system/processes/version.ts';
import type { JobContext } from '../run/events.ts';
import type { BlobBackupResult, BlobBackupSettings } from './blob-backup.ts';

/** What is known of a backup of a blob directory when it begins. */
interface BlobRunStart {
  readonly settings: BlobBackupSettings;
  readonly context: JobContext;
  /** The blob directory itself, where `settings.source` may be a link to it. */
  readonly source: string;
  /** Where the backups go, as records name it. */
  readonly location: string;
  /** The same, of which nothing is read twice. */
  readonly opened: OpenBlobFolder;
  /** Name of the blob directory, with which the names of entries begin. */
  readonly base: string;
  /** Without what belongs to other repositories. */
  readonly catalogue: SplitBlobs;
  /** All that is in the folder. */
  readonly all: BlobCatalogue;
  /** The paths by which records name the blob directory. */
  readonly sourceNames: ReadonlySet<string>;
  readonly stamp: Stamp;
}

/** One backup of one blob directory: what its steps share. */
export interface BlobRun extends BlobRunStart {
  readonly store: Store;
  /** About how many bytes its files have: as counted now, or for the backup before. */
  expectedBytes: number | undefined;
  /** Archives of this stamp that can't be used: they go when a good one is in place. */
  readonly spoilt: BlobEntry[];
}

export function beginBlobRun(start: BlobRunStart): BlobRun {
  const { all, base, opened } = start;
  const counted = all.entries.find(
    (entry) => entry.base === base && entry.record?.content !== undefined,
  );
  const expectedBytes = counted?.record?.content?.bytes;
  return { ...start, store: opened.store, expectedBytes, spoilt: [] };
}

/** Entries of this blob directory that are no other repository's, newest first. */
export function entriesOf(
  { catalogue, base }: BlobRun,
  form: BlobEntry['form'],
): readonly BlobEntry[] {
  return catalogue.entries.filter((entry) => entry.form === form && entry.base === base);
}

/** What the entry of the run has in its name. */
export function entryIdOf({ stamp }: BlobRun, naming: 'stamps' | 'numbers'): EntryId {
  return naming === 'stamps' ? { kind: 'stamp', stamp } : { kind: 'number', number: 0 };
}

/** The record of an entry that the run makes. */
export function recordBy(
  { settings, stamp, location, source }: BlobRun,
  what: Pick<
    BlobRecord,
    'content' | 'whole' | 'archive' | 'leftOut' | 'sums' | 'links' | 'blobs' | 'lost'
  >,
): BlobRecord {
  return {
    format: 1,
    tool: `zodbvault ${VERSION}`,
    madeAt: settings.now().toISOString(),
    stamp,
    ...belongingOf(settings),
    folder: location,
    source,
    origin: 'made',
    ...what,
  };
}

function belongingOf({
  repository,
  dataSha256,
}: BlobBackupSettings): Pick<BlobRecord, 'repository' | 'repositoryPath' | 'dataSha256'> {
  if (repository === null) return { repository };
  const owner = { repository: repository.id, repositoryPath: repository.path };
  return dataSha256 === undefined ? owner : { ...owner, dataSha256 };
}

/** Whether an entry was made for another Data.fs backup, which had the same stamp. */
export function isOfAnotherPoint({ dataSha256 }: BlobRecord, { settings }: BlobRun): boolean {
  const own = settings.dataSha256;
  return own !== undefined && dataSha256 !== undefined && own !== dataSha256;
}

/** Whether it was made of another blob directory than the one that is backed up now. */
export function isOfAnotherSource(
  { record }: Pick<BlobEntry, 'record'>,
  { sourceNames }: BlobRun,
): boolean {
  return record?.source !== undefined && !sourceNames.has(record.source);
}

/** Whether somebody has looked into an entry since it was made, and found something wrong. */
export function isSuspect({ stamp }: BlobEntry, { settings }: BlobRun): boolean {
  return settings.suspectStamps.has(stamp);
}

/** Makes room for number 0. */
export async function makeRoomForFirst(
  { opened, all, base, context: { onEvent } }: BlobRun,
  family: 'directories' | 'archives',
): Promise<void> {
  await rotate(opened, {
    entries: all.entries,
    base,
    family,
    onRename: ({ from, to }) => onEvent({ kind: 'entry-renamed', from, to }),
  });
}

/** The result of a run that has nothing to make, or that leaves what is there. */
export function thereAlready(
  { name, record }: BlobEntry,
  {
    context,
    stamp,
    hold,
  }: Pick<BlobRun, 'context' | 'stamp'> & { readonly hold?: RetentionHold | undefined },
): BlobBackupResult {
  context.onEvent({ kind: 'blobs-there-already', name });
  return { name, kind: 'there-already', stamp, content: record?.content, newFiles: 0, hold };
}
