import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { Place, SiteName } from './healthy-sites.ts';

/** One damage to the backups of a healthy site. */
export interface DamageCase {
  /** What was damaged: a row of the table. */
  readonly kind: string;
  /** How. */
  readonly name: string;
  readonly site: SiteName;
  readonly damage: (place: Place) => void;
  /** What one of the findings of deep verification must name. */
  readonly names: (place: Place) => string;
  /**
   * What a restore must do. `refuse`: nothing is replaced. `say`: refuse, or warn. `equal`: what is
   * damaged isn't needed for it, and every byte is given back; it may warn.
   */
  readonly restore: 'refuse' | 'say' | 'equal';
}

/** Changes bytes in place: a file that is shared by hard links changes in all of them, as on a bad disk. */
export function change(path: string, edit: (bytes: Buffer) => Buffer): void {
  const { atime, mtime, mode } = statSync(path);
  if ((mode & 0o200) === 0 && process.getuid?.() !== 0)
    throw new Error(`${path} can not be written`);
  writeFileSync(path, edit(readFileSync(path)));
  utimesSync(path, atime, mtime);
}

/** Flips a bit; a negative offset counts from the end. */
export function flip(path: string, at: number): void {
  change(path, (bytes) => {
    const offset = at < 0 ? bytes.length + at : at;
    bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x10, offset);
    return bytes;
  });
}

/** A share of a file, as an offset. */
export function middleOf(path: string, share = 0.5): number {
  return Math.floor(statSync(path).size * share);
}

/** Cuts a file; a negative size counts from the end. */
export function cut(path: string, size: number): void {
  truncateSync(path, size < 0 ? statSync(path).size + size : size);
}

export function append(path: string, bytes: Uint8Array): void {
  change(path, (old) => Buffer.concat([old, bytes]));
}

export function exchange(path: string, other: string): void {
  renameSync(path, `${path}.aside`);
  renameSync(other, path);
  renameSync(`${path}.aside`, other);
}

/** Puts the bytes of another file in the place of one, as a new file. */
export function replaceBy(path: string, other: string): void {
  unlinkSync(path);
  copyFileSync(other, path);
}

export function lose(path: string): void {
  rmSync(path, { recursive: true });
}

/** Changes the text of a file. */
export function rewrite(path: string, edit: (text: string) => string): void {
  change(path, (bytes) => Buffer.from(edit(bytes.toString())));
}

/** Changes a record. */
export function rewriteJson(path: string, edit: (value: Json) => void): void {
  rewrite(path, (text) => {
    const value: Json = JSON.parse(text);
    edit(value);
    return `${JSON.stringify(value, undefined, 1)}\n`;
  });
}

// biome-ignore lint/suspicious/noExplicitAny: a record is to be made wrong in any way.
export type Json = any;

/** A digit of a checksum that is another. */
export function otherDigit(hex: string): string {
  return (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
}
