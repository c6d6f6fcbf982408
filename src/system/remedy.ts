/**
 * What somebody can do about a failure where that is a matter of how the program is used: its options, its commands,
 * the scripts of a buildout. Only those who know these can say it: see `cli/render/remedies`.
 */
export type Remedy = SiteRemedy | BackupRemedy | RestoreRemedy | RescueRemedy | Several;

/** What to do about a failure: one sentence, or what makes one. */
export type Hint = string | Remedy;

/** One, and then another. */
interface Several {
  readonly kind: 'several';
  readonly hints: readonly Hint[];
}

/** A remedy without values. */
type Plain<Kind extends string> = { readonly [K in Kind]: { readonly kind: K } }[Kind];

/** Where the data of a site is, and where its backups are. */
export type SiteRemedy =
  | Plain<
      | 'find-backups'
      | 'find-blob-backups'
      | 'name-places'
      | 'name-zope-conf'
      | 'start-zope-yourself'
      | 'correct-value-or-name-places'
      | 'correct-file-or-name-places'
      | 'name-data-fs'
      | 'name-data-fs-or-backup-folder'
      | 'name-one-file'
      | 'name-configuration'
      | 'name-backup-folder'
      | 'name-blob-directory'
      | 'name-blob-directory-alone'
      | 'name-blob-backup-folder'
      | 'find-blob-directory'
      | 'want-blobs'
      | 'name-other-part'
      | 'leave-out-versions'
      | 'name-old-data-fs'
    >
  /** The part of a DemoStorage that stays as it is. */
  | { readonly kind: 'name-base'; readonly dataFs: string }
  /** One is in this folder, the other is named by a file, or is on the volume of a container. */
  | {
      readonly kind: 'say-which-data-fs';
      readonly own: string;
      readonly other: { readonly is: 'named-by' | 'on-volume'; readonly path: string };
    }
  /** Those of the sites that a copy has, as far as they are few. */
  | { readonly kind: 'name-site-of-copy'; readonly names: string }
  /** The file with which the container runs. */
  | { readonly kind: 'name-file'; readonly path: string }
  /** `path` can't be understood, `usable` can. */
  | { readonly kind: 'correct-or-name-file'; readonly path: string; readonly usable: string }
  | { readonly kind: 'confirm-live-data'; readonly path: string }
  /** Blob directories that may be that of the ZEO server. */
  | { readonly kind: 'name-blobs-of-server'; readonly near: readonly string[] }
  /** Whether there are backups of it, and what says where it is. */
  | {
      readonly kind: 'bring-back-data-fs';
      readonly hasBackups: boolean;
      readonly saidBy:
        | { readonly is: 'nothing' }
        | { readonly is: 'buildout'; readonly path: string; readonly part: string }
        | { readonly is: 'file'; readonly path: string }
        | { readonly is: 'toml'; readonly path: string; readonly part: string };
    };

/** Backups that are made, looked through and removed; scripts and schedules. */
export type BackupRemedy =
  | { readonly kind: 'future-date'; readonly newest: string }
  | Plain<
      | 'wait-for-run'
      | 'declare-single-writer'
      | 'leave-out-lock'
      | 'name-keep-rules'
      | 'make-key-with-passphrase'
      | 'look-deeply'
      | 'verify-deeply'
      | 'date-format'
      | 'earlier-date-first'
      | 'name-restore-point'
      | 'list-tags'
      | 'make-full-backup-or-insist'
      | 'begin-chain-in-copy'
      | 'make-backup-or-insist'
      | 'install-scripts'
      | 'make-room-for-script'
      | 'print-cron-lines'
      | 'install-cron'
      | 'another-compressor'
    >
  /** A copy is gone from its place. */
  | { readonly kind: 'mount-or-begin-again'; readonly copy: string }
  /** Another site copies to the same place. */
  | { readonly kind: 'name-site-or-begin-again'; readonly copy: string }
  /** Its lock may be that of a run that was killed. */
  | { readonly kind: 'end-lock-elsewhere'; readonly store: string }
  /** The Debian package of a compressor. */
  | { readonly kind: 'install-compressor'; readonly package: string }
  | { readonly kind: 'delete-restore-point'; readonly stamp: string }
  /** The first of the tags that keep it. */
  | { readonly kind: 'remove-tag'; readonly name: string }
  | { readonly kind: 'put-back-lost-blobs'; readonly source: string; readonly copy: string }
  | { readonly kind: 'enable-script'; readonly script: string }
  | { readonly kind: 'install-scripts-of'; readonly buildout: string | undefined };

/**
 * A server holds the file of a Data.fs that has no name, or another one: its descriptor is the way to it.
 * `before`: what waits for the copy.
 */
export interface RescueRemedy {
  readonly kind: 'rescue-data-fs';
  readonly before: 'backup' | 'restore';
  readonly dataFs: string;
  readonly pid: number;
  readonly descriptor: number;
  /** Where that file is now; undefined: it was deleted. */
  readonly path: string | undefined;
}

export type RestoreRemedy =
  | Plain<
      | 'earlier-date'
      | 'earlier-date-or-copy'
      | 'earlier-date-as-discarded'
      | 'whole-date'
      | 'look-into-log'
      | 'which-restore-point'
      | 'without-blobs'
      | 'set-alternative-source'
      | 'accept-damaged-blobs'
      | 'full-backup-now'
      | 'stop-server'
      | 'folder-elsewhere'
      | 'folder-elsewhere-or-live'
      | 'name-identity'
    >
  /** Public keys: of the secret ones that were named, and those that settings name. */
  | {
      readonly kind: 'name-other-identity';
      readonly named: readonly string[];
      readonly closedFor: readonly string[];
    }
  /** The newest restore point that nothing is known against. */
  | { readonly kind: 'better-restore-point'; readonly stamp: string }
  /** Chains, of which one is meant, by their full backups. */
  | { readonly kind: 'name-chain'; readonly stamps: readonly string[] }
  /** The site to which the folder belongs. */
  | { readonly kind: 'folder-elsewhere-or-site'; readonly part: string };
