/** An entry of an archive as nobody honest makes it. */
export interface TarEntry {
  readonly name: string;
  /** POSIX: 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 folder, 6 pipe; GNU: D a listing. */
  readonly type?: '0' | '1' | '2' | '3' | '4' | '5' | '6' | 'D';
  readonly linksTo?: string;
  readonly content?: string;
}

const BLOCK_BYTES = 512;

/** Lays out a tar archive, in GNU tar's format, with its two blocks of zeros. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK_BYTES)]);
}

function blocksOf({ name, type = '0', linksTo = '', content = '' }: TarEntry): readonly Buffer[] {
  const header = Buffer.alloc(BLOCK_BYTES);
  const body = Buffer.from(content, 'latin1');
  header.write(name, 0, 100, 'latin1');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(linksTo, 157, 100, 'latin1');
  header.write('ustar  \0', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK_BYTES - (body.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return [header, body, padding];
}
