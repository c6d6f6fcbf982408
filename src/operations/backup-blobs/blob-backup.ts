import type { TreeContent } from '../../blobs/copy/copy-tree.ts';
import { rotate } from '../../blobs/layout/blob-folder.ts';
import type { BlobCatalogue, BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { EntryId } from '../../blobs/layout/entry-name.ts';
import type { OpenBlobFolder } from '../../blobs/layout/open-blob-folder.ts';
import type { BlobRecord } from '../../blobs/layout/record.ts';
import type { OwningRepository, SplitBlobs } from '../../blobs/ownership/ownership.ts';
import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import type { BlobCopier, BlobFormat } from '../../config/model/site.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Store } from '../../stores/store.ts';
import { VERSION } from '../../system/processes/version.ts';
import type { JobContext } from '../run/events.ts';
import type { ExpectedBlobs } from './expected-blobs.ts';

/** How a blob directory is backed up. */
export interface BlobBackupSettings {
  /** The live blob directory; a link to it is followed. */
  readonly source: string;
  /** The folder that gets an entry. */
  readonly folder: string;
  readonly format: BlobFormat;
  readonly copier: BlobCopier;
  /** The moment of the Data.fs backup that it belongs to, or that of the clock; see {@link ChainStart}. */
  readonly stamp: (taken: readonly Stamp[]) => Stamp;
  /** Where a chain of incremental archives begins. */
  readonly chainStart: ChainStart;
  /** Which repository decides how long it stays; null: none does. */
  readonly repository: OwningRepository | null;
  /** The sha256 of the data file of the Data.fs backup that it belongs to; undefined where nobody knows it. */
  readonly dataSha256: string | undefined;
  /** Stamps of copies that were found to be wrong. */
  readonly suspectStamps: ReadonlySet<string>;
  /** Which blobs the Data.fs says have to be there. */
  readonly expected: ExpectedBlobs;
  /** Whether what was written is read back before it counts. */
  readonly confirmation: 'reread' | 'none';
  readonly now: () => Date;
}

/**
 * - `full`: at the full Data.fs backup of this stamp; undefined: there is none, and no chain.
 * - `clock`: no Data.fs is backed up; a new chain when `isNew`, or when the last one is older than
 *   `days`.
 */
export type ChainStart =
  | { readonly kind: 'full'; readonly stamp: Stamp | undefined }
  | { readonly kind: 'clock'; readonly full: 'always' | 'when-needed'; readonly days: number };

/** What a blob backup did. */
export interface BlobBackupResult {
  /** Name of the entry. */
  readonly name: string;
  readonly kind: 'made' | 'there-already';
  readonly stamp: Stamp;
  readonly content: TreeContent | undefined;
  /** How many of its files the backup before has not; undefined where nobody has compared them. */
  readonly newFiles: number | undefined;
  /** Why nothing old may go. */
  readonly hold: RetentionHold | undefined;
}

/** What is known of a run when it begins. */
type BlobRunStart = Pick<
  BlobRun,
  | ('settings' | 'context' | 'source' | 'location' | 'opened' | 'base')
  | ('catalogue' | 'all' | 'sourceNames' | 'stamp')
>;

/** One backup of one blob directory: what its steps share. */
export class BlobRun {
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
  /** About how many bytes its files have: as counted now, or for the backup before. */
  expectedBytes: number | undefined;
  /** Archives of this stamp that can't be used: they go when a good one is in place. */
  readonly spoilt: BlobEntry[] = [];

  constructor(start: BlobRunStart) {
    this.settings = start.settings;
    this.context = start.context;
    this.source = start.source;
    this.location = start.location;
    this.opened = start.opened;
    this.base = start.base;
    this.catalogue = start.catalogue;
    this.all = start.all;
    this.sourceNames = start.sourceNames;
    this.stamp = start.stamp;
    this.expectedBytes = start.all.entries.find(
      ({ base, record }) => base === start.base && record?.content !== undefined,
    )?.record?.content?.bytes;
  }

  get store(): Store {
    return this.opened.store;
  }

  /** How messages call an entry. */
  nameOf({ name }: Pick<BlobEntry, 'name'>): string {
    return this.store.nameOf(name);
  }

  /** Entries of this blob directory that are no other repository's, newest first. */
  entries(form: BlobEntry['form']): readonly BlobEntry[] {
    return this.catalogue.entries.filter(
      (entry) => entry.form === form && entry.base === this.base,
    );
  }

  entryId(naming: 'stamps' | 'numbers'): EntryId {
    return naming === 'stamps'
      ? { kind: 'stamp', stamp: this.stamp }
      : { kind: 'number', number: 0 };
  }

  record(
    what: Pick<
      BlobRecord,
      'content' | 'whole' | 'archive' | 'leftOut' | 'sums' | 'links' | 'blobs' | 'lost'
    >,
  ): BlobRecord {
    return {
      format: 1,
      tool: `zodbvault ${VERSION}`,
      madeAt: this.settings.now().toISOString(),
      stamp: this.stamp,
      ...this.#belonging(),
      folder: this.location,
      source: this.source,
      origin: 'made',
      ...what,
    };
  }

  #belonging(): Pick<BlobRecord, 'repository' | 'repositoryPath' | 'dataSha256'> {
    const { repository, dataSha256 } = this.settings;
    if (repository === null) return { repository };
    const owner = { repository: repository.id, repositoryPath: repository.path };
    return dataSha256 === undefined ? owner : { ...owner, dataSha256 };
  }

  /** Whether it was made for another Data.fs backup, which had the same stamp. */
  isOfAnotherPoint({ dataSha256 }: BlobRecord): boolean {
    const own = this.settings.dataSha256;
    return own !== undefined && dataSha256 !== undefined && own !== dataSha256;
  }

  /** Whether somebody has looked into an entry since it was made, and found something wrong. */
  isSuspect({ stamp }: BlobEntry): boolean {
    return this.settings.suspectStamps.has(stamp);
  }

  /** Makes room for number 0. */
  async rotate(family: 'directories' | 'archives'): Promise<void> {
    const { onEvent } = this.context;
    await rotate(this.opened, {
      entries: this.all.entries,
      base: this.base,
      family,
      onRename: ({ from, to }) => onEvent({ kind: 'entry-renamed', from, to }),
    });
  }

  /** Whether it was made of another blob directory than the one that is backed up now. */
  isOfAnotherSource({ record }: Pick<BlobEntry, 'record'>): boolean {
    return record?.source !== undefined && !this.sourceNames.has(record.source);
  }

  thereAlready(entry: BlobEntry, hold?: RetentionHold): BlobBackupResult {
    this.context.onEvent({ kind: 'blobs-there-already', name: entry.name });
    const { name, record } = entry;
    return {
      ...{ name, kind: 'there-already', stamp: this.stamp },
      ...{ content: record?.content, newFiles: 0, hold },
    };
  }
}
