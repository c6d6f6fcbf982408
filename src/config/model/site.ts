import * as v from 'valibot';
import { CopySettingsSchema } from './copy-settings.ts';
import { CountSchema, KeepRulesSchema, SpanSchema } from './keep-rules.ts';

const Path = v.pipe(v.string(), v.startsWith('/'), v.excludes('\0'));

/** Where one kind of backup of a storage lies. */
const Folders = v.object({ filestorage: Path, blobs: v.optional(Path) });

const Storage = v.object({
  /** `Data` is the main one. */
  name: v.string(),
  dataFs: Path,
  /** The live blob directory, where the storage has one that is backed up. */
  blobs: v.optional(Path),
  /** True where it holds only the changes of a DemoStorage. */
  isChanges: v.optional(v.boolean()),
  /** What was backed up, where that is another place: a restore to elsewhere. */
  madeOf: v.optional(v.object({ dataFs: Path, blobs: v.optional(Path) })),
  folders: v.object({
    backup: Folders,
    snapshot: Folders,
    zip: Folders,
    alternative: v.optional(Folders),
  }),
});

const BlobFormat = v.variant('kind', [
  v.object({ kind: v.literal('directories'), naming: v.picklist(['stamps', 'numbers']) }),
  v.object({
    kind: v.literal('archives'),
    naming: v.picklist(['stamps', 'numbers']),
    compression: v.picklist(['none', 'gzip']),
  }),
  v.object({
    kind: v.literal('incremental-archives'),
    compression: v.picklist(['none', 'gzip']),
  }),
]);

const BlobCopier = v.object({
  kind: v.picklist(['rsync', 'own']),
  /** Words for rsync's command line. */
  rsyncOptions: v.array(v.string()),
  /** Whether a first copy shares its files with the live site. */
  firstCopy: v.picklist(['copy', 'link']),
});

/** That nobody named its Data.fs, and it may not be the live one: the part is a client of a server that no part runs. */
const ServedElsewhere = v.object({
  client: v.string(),
  /** The address of the server, as far as it is written. */
  server: v.optional(v.string()),
});

/** How a site is backed up, whoever said it; the form in which scripts carry it. */
export const SiteSchema = v.object({
  /** Name of the part of the buildout, or `backup` where there is none. */
  part: v.string(),
  /** The `.cfg` that it was read from; absent for a site without a buildout. */
  buildout: v.optional(Path),
  /** The file of another kind that it was read from. */
  config: v.optional(Path),
  /** To be said by each script that backs it up. */
  servedElsewhere: v.optional(ServedElsewhere),
  rules: v.picklist(['2.3', '6.0']),
  /** In the order in which they are backed up: the main one comes last. */
  storages: v.array(Storage),
  contents: v.picklist(['both', 'filestorages', 'blobs']),
  full: v.picklist(['always', 'when-needed']),
  /** How long a chain of increments goes on, at most; absent: until a pack ends it. */
  fullEvery: v.optional(SpanSchema),
  comparison: v.picklist(['quick', 'thorough']),
  gzip: v.boolean(),
  /** How a new backup is proven before anything old goes. */
  verifyAfterBackup: v.picklist(['off', 'quick', 'deep']),
  blobFormat: BlobFormat,
  blobCopier: BlobCopier,
  /** Full backups to keep; 0: all, or with `keepRules` as many as these keep. */
  keep: CountSchema,
  keepRules: v.optional(KeepRulesSchema),
  /** Days for which blob backups are kept that no filestorage backup decides about. */
  keepBlobDays: CountSchema,
  preCommand: v.string(),
  postCommand: v.string(),
  /** A health-check address that a backup pings. A secret: it is never shown. */
  pingUrl: v.optional(v.string()),
  /** The places that get a copy of each backup; absent: there are none. */
  copies: v.optional(v.pipe(v.array(CopySettingsSchema), v.readonly())),
  isDebug: v.boolean(),
});

export type Site = v.InferOutput<typeof SiteSchema>;
export type ServedElsewhere = v.InferOutput<typeof ServedElsewhere>;
export type SiteStorage = v.InferOutput<typeof Storage>;
export type BlobFormat = v.InferOutput<typeof BlobFormat>;
export type BlobCopier = v.InferOutput<typeof BlobCopier>;
/** The kinds of backups that a site has, each in folders of its own. */
export type BackupKind = keyof SiteStorage['folders'];

/** Undefined where it isn't a site as this version writes it. */
export function decodeSite(value: unknown): Site | undefined {
  const result = v.safeParse(SiteSchema, value);
  return result.success ? result.output : undefined;
}
