import type { ByteRange, OpenedSource } from '../../files/byte-source.ts';
import { each, inParallel } from '../pipeline.ts';
import { MEMBERS_AT_A_TIME } from './compress.ts';
import { inflateMember, notGzip } from './decompress.ts';
import {
  decodeMemberLength,
  MAXIMUM_MEMBER_BYTES,
  MEMBER_CONTENT_BYTES,
  MEMBER_HEADER_BYTES,
} from './member.ts';
import type { MemberCache } from './member-cache.ts';

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
  const read = async ({ start, end }: ByteRange) => {
    const pieces: Uint8Array[] = [];
    for (const { member, ...piece } of membersIn({ start, end })) {
      const content = await cache.get(`${file.name}:${member}`, () => inflate(member));
      pieces.push(content.subarray(piece.start, piece.end));
    }
    // A copy: whoever keeps a record doesn't keep all of its member.
    return Buffer.concat(pieces);
  };
  return {
    name: file.name,
    sizeBytes,
    read,
    readInto: async (target, position) =>
      target.set(await read({ start: position, end: position + target.length })),
    stream: async function* (range) {
      yield* inParallel(each(membersIn(range)), {
        limit: MEMBERS_AT_A_TIME,
        work: async ({ member, start, end }) => (await inflate(member)).subarray(start, end),
      });
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Where each begins, and the file ends; undefined where one doesn't say how long it is. */
async function startsOfMembers(file: OpenedSource): Promise<readonly number[] | undefined> {
  const noted = await file.memberLengths?.();
  if (noted !== undefined) return startsOf(noted);
  const starts: number[] = [];
  let start = 0;
  while (start < file.sizeBytes) {
    starts.push(start);
    const end = Math.min(start + MEMBER_HEADER_BYTES, file.sizeBytes);
    const length = decodeMemberLength(Buffer.from(await file.read({ start, end })));
    if (length === undefined) return undefined;
    start += length;
  }
  return start === file.sizeBytes && starts.length > 0 ? [...starts, start] : undefined;
}

function startsOf(lengths: readonly number[]): readonly number[] {
  const starts = [0];
  for (const length of lengths) starts.push((starts.at(-1) ?? 0) + length);
  return starts;
}

async function contentLengthAtEnd(file: OpenedSource): Promise<number> {
  const end = file.sizeBytes;
  const bytes = Buffer.from(await file.read({ start: end - LENGTH_BYTES, end }));
  return Math.min(bytes.readUInt32LE(), MAXIMUM_MEMBER_BYTES);
}

/** Which bytes of which members a range has. */
function* membersIn({ start, end }: ByteRange): Generator<ByteRange & { readonly member: number }> {
  for (let from = start; from < end; ) {
    const member = Math.floor(from / MEMBER_CONTENT_BYTES);
    const begin = member * MEMBER_CONTENT_BYTES;
    const to = Math.min(end, begin + MEMBER_CONTENT_BYTES);
    yield { member, start: from - begin, end: to - begin };
    from = to;
  }
}
