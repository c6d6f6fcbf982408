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
    says: 'full backups of each kind to keep in the copy; 0 keeps all',
    byDefault: '0',
  },
  single_writer: {
    kind: 'flag',
    says: 'no other machine writes there: for places that cannot lock',
    byDefault: 'false',
  },
} as const satisfies Readonly<Record<string, CopyOption>>;

interface CopyOption {
  readonly kind: 'text' | 'count' | 'flag';
  readonly says: string;
  /** As the reference shows it. */
  readonly byDefault: string;
}

export type CopyOptionName = keyof typeof COPY_OPTIONS;

export function isCopyOption(name: string): name is CopyOptionName {
  return Object.hasOwn(COPY_OPTIONS, name);
}
