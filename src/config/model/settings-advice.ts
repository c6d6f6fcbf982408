import type { ServedElsewhere } from './site.ts';

/** What somebody should know about the settings of a site: it is the same in each run. */
export type SettingsAdvice = { readonly kind: 'advice' } & (
  | {
      readonly code: 'unknown-variable';
      readonly variable: string;
      /** The one that its writer may have meant. */
      readonly nearest: string;
    }
  | {
      readonly code: 'unknown-option';
      readonly part: string;
      readonly option: string;
      readonly nearest: string;
    }
  | {
      readonly code: 'repeated-option';
      readonly part: string;
      readonly option: string;
      /** Files and lines. */
      readonly first: string;
      readonly last: string;
    }
  | { readonly code: 'numbered-blob-backups'; readonly part: string }
  /** Whoever tidies up the one may take the other away. */
  | {
      readonly code: 'backups-among-live-data';
      readonly part: string;
      /** The option that names the folder; undefined: none does. */
      readonly option: string | undefined;
      readonly folder: string;
      readonly live: string;
    }
  /** Each site removes what it takes for its own, by its own rules. */
  | { readonly code: 'shared-backup-folders'; readonly shared: SharedFolders }
  /** Only `additional_filestorages` can name it. */
  | {
      readonly code: 'unlisted-storage';
      readonly storage: string;
      readonly from: string;
      readonly dataFs: string;
    }
  /** A storage of a ZEO server that no backup part takes. */
  | {
      readonly code: 'unclaimed-storage';
      readonly server: string;
      /** Undefined: the main one. */
      readonly storage: string | undefined;
      readonly dataFs: string;
      /** The main Data.fs of the server; undefined: no part runs it. */
      readonly main: string | undefined;
    }
  /** Its Data.fs may be an old copy. */
  | ({
      readonly code: 'data-fs-of-client';
      readonly part: string;
      readonly dataFs: string;
    } & ServedElsewhere)
  /** What an instance shows, or keeps, is not all in what is backed up. */
  | {
      readonly code:
        | 'relstorage-not-backed-up'
        | 'demo-storage-not-backed-up'
        | 'earlier-state-shown';
      readonly part: string;
    }
  /** A storage whose data is on another machine, or in another program. */
  | { readonly code: 'storage-elsewhere'; readonly where: string; readonly reason: string }
  | {
      readonly code: 'demo-base-not-backed-up';
      readonly from: string;
      readonly dataFs: string;
      /** Where the base is, in words. */
      readonly base: string;
    }
  | { readonly code: 'blob-mode-without-meaning'; readonly from: string }
);

/** Folders of backups that get in each other's way. Parts are in the order in which they are written. */
export type SharedFolders =
  /** One folder of one site, by two names. */
  | { readonly is: 'one'; readonly paths: readonly [string, string] }
  | { readonly is: 'same'; readonly parts: readonly [string, string]; readonly path: string }
  | {
      readonly is: 'nested';
      readonly parts: readonly [string, string];
      readonly inner: string;
      readonly outer: string;
    };
