/** What can be said of a copy, beside the place where it is. */
export const COPY_OPTIONS = {
  name: {
    kind: 'text',
    says: 'what commands and messages call the copy',
    byDefault: 'the place',
  },
  site: {
    kind: 'text',
    says: 'the name of the site in the copy; sites that share a place need different ones',
    byDefault: 'the name of the site, or of its folder',
  },
  keep: {
    kind: 'count',
    says: 'full backups of each kind to keep in the copy, with their increments; 0 keeps all; if there is a rule for restore points, there is no default',
    byDefault: '0',
  },
  keep_daily: {
    kind: 'count',
    says: 'number of days: the copy keeps the newest restore point of each',
    byDefault: '0',
  },
  keep_weekly: { kind: 'count', says: 'the same of weeks', byDefault: '0' },
  keep_monthly: { kind: 'count', says: 'the same of months', byDefault: '0' },
  keep_yearly: { kind: 'count', says: 'the same of years', byDefault: '0' },
  keep_within: {
    kind: 'span',
    says: 'keep all restore points in the copy that are not older than this, as in `30d`',
    byDefault: 'none',
  },
  endpoint: {
    kind: 'text',
    says: 'the URL of a server that speaks S3',
    byDefault: 'as the environment says, or Amazon',
  },
  region: { kind: 'text', says: 'the region of a bucket', byDefault: 'as the environment says' },
  path_style: {
    kind: 'flag',
    says: 'the name of the bucket stands in the path, not in the name of the server',
    byDefault: 'true with an endpoint',
  },
  credentials_file: {
    kind: 'path',
    says: 'a file like `~/.aws/credentials`, for a bucket',
    byDefault: 'what the programs of Amazon use',
  },
  known_hosts: {
    kind: 'path',
    says: 'a file with the keys of SFTP servers',
    byDefault: 'the files that ssh reads',
  },
  identity_file: {
    kind: 'path',
    says: 'a file with the private key for an SFTP server',
    byDefault: 'the agent, and the files that ssh tries',
  },
  bytes_per_second: {
    kind: 'bytes',
    says: 'a limit for all transfers together; 0: none',
    byDefault: 'no limit',
  },
  recipients: {
    kind: 'words',
    says: 'public keys of age that encrypt the copy, each a key, or `@` and a file of them',
    byDefault: 'none: it is not encrypted',
  },
  key_file: {
    kind: 'path',
    says: 'a file with a secret key that a passphrase encrypts: the copy keeps it, so that a restore needs only the passphrase',
    byDefault: 'none: a restore needs the file with the key',
  },
  compression: {
    kind: ['none', 'zstd'],
    says: 'zstd: data files are compressed again, smaller and faster than by gzip; none: they stay as they are',
    byDefault: '`copy_compression`',
  },
  single_writer: {
    kind: 'flag',
    says: 'no other machine writes there: for places that cannot lock',
    byDefault: 'false',
  },
  append_only: {
    kind: 'flag',
    says: 'this machine removes nothing in the copy; `keep` and the rules then say only which backups it brings',
    byDefault: 'false',
  },
  lock_days: {
    kind: 'days',
    says: 'for so many days, nobody can remove what is copied to a bucket, whatever key he has: object lock',
    byDefault: '0: it is not locked',
  },
} as const satisfies Readonly<Record<string, CopyOption>>;

export type CopyOptionKind =
  | 'text'
  | 'path'
  | 'count'
  | 'span'
  | 'days'
  | 'bytes'
  | 'flag'
  | 'words'
  | readonly string[];

/** Of a lock. Nobody can take one back: ten years of a slip of the finger are enough. */
export const MOST_DAYS = 3650;

interface CopyOption {
  readonly kind: CopyOptionKind;
  readonly says: string;
  /** As the reference shows it. */
  readonly byDefault: string;
}

export type CopyOptionName = keyof typeof COPY_OPTIONS;

export function isCopyOption(name: string): name is CopyOptionName {
  return Object.hasOwn(COPY_OPTIONS, name);
}
