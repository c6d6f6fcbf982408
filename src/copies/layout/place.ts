/**
 * A place of a copy: one kind of backup of one storage, as a folder of backups is for a site. Its name in keys is
 * `STORAGE-KIND`, such as `Data-backup`; what is no letter, digit, `_`, `.` or `-` of a storage's name is written as
 * `%XX`, one for each byte in UTF-8.
 */
export interface CopyPlace {
  readonly storage: string;
  readonly kind: (typeof PLACE_KINDS)[number];
}

/** The kinds that are copied. Backups that a restore alone reads (`alternative`) are somebody else's. */
export const PLACE_KINDS = ['backup', 'snapshot', 'zip'] as const;

export function formatPlace({ storage, kind }: CopyPlace): string {
  return `${encodeName(storage)}-${kind}`;
}

/**
 * Undefined where the text isn't what {@link formatPlace} makes, or the name of its storage would lead out of the folder
 * in which a restore makes `STORAGE.fs`: no storage is called so.
 */
export function parsePlace(text: string): CopyPlace | undefined {
  const at = text.lastIndexOf('-');
  const kind = PLACE_KINDS.find((one) => one === text.slice(at + 1));
  const storage = at < 1 ? undefined : decodeName(text.slice(0, at));
  if (kind === undefined || storage === undefined || /[/\0]/.test(storage)) return undefined;
  return { storage, kind };
}

export function isSamePlace(one: CopyPlace, other: CopyPlace): boolean {
  return one.storage === other.storage && one.kind === other.kind;
}

/** A name as a piece of a key. No piece is empty, nor made of dots alone: some stores take that for a folder. */
export function encodeName(name: string): string {
  const encoded = [...Buffer.from(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_.-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
  return /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

/** Undefined where the text isn't what {@link encodeName} makes. */
export function decodeName(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_.-]|%[0-9A-F]{2})+$/.test(text)) return undefined;
  const bytes = (text.match(/%..|./g) ?? []).map((one) =>
    one.length === 3 ? Number.parseInt(one.slice(1), 16) : one.charCodeAt(0),
  );
  const name = Buffer.from(bytes).toString('utf8');
  return encodeName(name) === text ? name : undefined;
}
