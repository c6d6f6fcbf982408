import { createHmac } from 'node:crypto';
import { SSH_PORT } from './sftp-address.ts';

/** A line of a file of known hosts: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
export interface KnownHost {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** `revoked`: the key must never be accepted; `authority`: it signs the keys of others, which isn't heeded here. */
  readonly marker: 'none' | 'revoked' | 'authority';
  /** Patterns with commas between them, or one hash of a name. */
  readonly hosts: string;
  /** As `ssh-ed25519`. */
  readonly type: string;
  /** The key as it goes over the line. */
  readonly key: Buffer;
}

/** What known hosts say of a key that a server shows. */
export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  /** Another key of this type is known for the server. */
  | { readonly kind: 'changed'; readonly by: KnownHost }
  | { readonly kind: 'revoked'; readonly by: KnownHost };

export interface ServerName {
  readonly host: string;
  readonly port: number;
}

const MARKERS = { '@revoked': 'revoked', '@cert-authority': 'authority' } as const;

/** Reads a file of known hosts. What can't be read in it is skipped, as ssh does. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    const [first = ''] = words;
    const isMarked = first.startsWith('@');
    const marker = isMarked ? markerOf(first) : 'none';
    const [hosts = '', type = '', encoded = ''] = isMarked ? words.slice(1) : words;
    if (hosts === '' || hosts.startsWith('#') || marker === undefined) return [];
    const key = Buffer.from(encoded, 'base64');
    return typeIn(key) === type ? [{ file, line: index + 1, marker, hosts, type, key }] : [];
  });
}

/** Judges the key that a server shows. One that was revoked is never known, whoever else names it. */
export function judgeHostKey(
  known: readonly KnownHost[],
  server: ServerName,
  key: Buffer,
): HostKeyVerdict {
  const lines = linesFor(known, server);
  const revoked = lines.find((line) => line.marker === 'revoked' && line.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', by: revoked };
  const plain = lines.filter(({ marker }) => marker === 'none');
  if (plain.some((line) => line.key.equals(key))) return { kind: 'known' };
  const other = plain.find(({ type }) => type === typeIn(key));
  return other === undefined ? { kind: 'unknown' } : { kind: 'changed', by: other };
}

/** The types of the keys that are known for a server: these are asked for first, since it may have others, too. */
export function knownKeyTypes(known: readonly KnownHost[], server: ServerName): readonly string[] {
  const plain = linesFor(known, server).filter(({ marker }) => marker === 'none');
  return [...new Set(plain.map(({ type }) => type))];
}

/** How files of known hosts call a server. */
export function knownAs({ host, port }: ServerName): string {
  const name = host.toLowerCase();
  return port === SSH_PORT ? name : `[${name}]:${port}`;
}

/** The type of a key, which stands at its beginning: RFC 4253, 6.6. */
export function typeIn(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  return key.subarray(4, 4 + length).toString('latin1');
}

/** As ssh, takes what is known for a server without its port where nothing is known with it. */
function linesFor(known: readonly KnownHost[], server: ServerName): readonly KnownHost[] {
  const exact = known.filter(({ hosts }) => isNamed(hosts, knownAs(server)));
  if (exact.length > 0) return exact;
  return known.filter(({ hosts }) => isNamed(hosts, server.host.toLowerCase()));
}

function markerOf(word: string) {
  return word === '@revoked' || word === '@cert-authority' ? MARKERS[word] : undefined;
}

/** Whether the first word of a line means a server; one pattern with a `!` in front excludes it. */
function isNamed(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(hosts, name);
  const patterns = hosts.toLowerCase().split(',');
  const excludes = patterns.filter((one) => one.startsWith('!')).map((one) => one.slice(1));
  const includes = patterns.filter((one) => !one.startsWith('!'));
  const isLike = (pattern: string) => likeness(pattern).test(name);
  return includes.some(isLike) && !excludes.some(isLike);
}

/** `|1|SALT|HASH`: HMAC-SHA1 of the name. */
function isHashOf(hosts: string, name: string): boolean {
  const [, kind, salt = '', hash = ''] = hosts.split('|');
  if (kind !== '1') return false;
  const mac = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return mac.equals(Buffer.from(hash, 'base64'));
}

/** `*` is any number of characters, `?` is one. */
function likeness(pattern: string): RegExp {
  const parts = [...pattern].map((character) =>
    character === '*' ? '.*' : character === '?' ? '.' : character.replace(/[^\w-]/, '\\$&'),
  );
  return new RegExp(`^${parts.join('')}$`);
}
