import type { OpenedSource } from '../../files/byte-source.ts';
import { piecedSource } from '../pieced-source.ts';
import { MEMBERS_AT_A_TIME } from './compress.ts';
import { inflateMember, notGzip } from './decompress.ts';
import { MAXIMUM_MEMBER_BYTES, MEMBER_CONTENT_BYTES } from './member.ts';
import type { MemberCache } from './member-cache.ts';
import { readMemberLengths } from './member-lengths.ts';

/** Of the length of its content, at the end of a member. */
const LENGTH_BYTES = 4;

/**
 * The content of a gzip file of members, read at random; undefined where another program wrote the file, as one
 * stream. It closes the file. Failure `damaged`, while it is read, where a member isn't whole.
 */
export async function memberSource(
  file: OpenedSource,
  cache: MemberCache,
): Promise<OpenedSource | undefined> {
  const starts = await startsOfMembers(file);
  if (starts === undefined) return undefined;
  const last = starts.length - 2;
  const sizeBytes = last * MEMBER_CONTENT_BYTES + (await contentLengthAtEnd(file));
  const inflate = async (member: number) => {
    const range = { start: starts[member] ?? 0, end: starts[member + 1] ?? 0 };
    const content = await inflateMember(await file.read(range), file.name);
    const expected = Math.min(MEMBER_CONTENT_BYTES, sizeBytes - member * MEMBER_CONTENT_BYTES);
    if (content.length === expected) return content;
    throw notGzip(new Error(`it has ${content.length} bytes at ${range.start}`), file.name);
  };
  return piecedSource({
    file,
    sizeBytes,
    pieceBytes: MEMBER_CONTENT_BYTES,
    readPiece: inflate,
    cache,
    atATime: MEMBERS_AT_A_TIME,
  });
}

/** Where each begins, and the file ends; undefined where one doesn't say how long it is. */
async function startsOfMembers(file: OpenedSource): Promise<readonly number[] | undefined> {
  const lengths = (await file.memberLengths?.()) ?? (await readMemberLengths(file));
  if (lengths === undefined) return undefined;
  const starts = [0];
  for (const length of lengths) starts.push((starts.at(-1) ?? 0) + length);
  return starts;
}

async function contentLengthAtEnd(file: OpenedSource): Promise<number> {
  const end = file.sizeBytes;
  const bytes = Buffer.from(await file.read({ start: end - LENGTH_BYTES, end }));
  return Math.min(bytes.readUInt32LE(), MAXIMUM_MEMBER_BYTES);
}
