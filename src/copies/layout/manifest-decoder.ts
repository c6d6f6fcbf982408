import { StringDecoder } from 'node:string_decoder';
import { type Oid, oidFrom } from '../../filestorage/oid.ts';
import { parseTid, type Tid } from '../../filestorage/tid.ts';
import { parseJson } from '../../system/parse-json.ts';
import { BlobList } from './blob-list.ts';
import { BLOBS, type BlobManifest, GONE, ManifestHeadSchema } from './blob-manifest.ts';

/** `["oid","tid",size,"sha256"]`, then the suffix, or null, and the size of the object, where the entry has them. */
const BLOB_LINE =
  /^\["([0-9a-f]{16})","([0-9a-f]{16})",(0|[1-9]\d*),"([0-9a-f]{64})"(?:,"([0-9a-f]{1,64})"|,(?:"([0-9a-f]{1,64})"|null),(0|[1-9]\d*))?\]$/;
const GONE_LINE = /^\["([0-9a-f]{16})","([0-9a-f]{16})"\]$/;
/** No line of a manifest is nearly as long. */
const MOST_CHARACTERS = 1 << 20;

/** A manifest as it comes, in chunks of any size: none of its lines is kept. Nothing of it is known before its end. */
export class ManifestDecoder {
  readonly #utf8 = new StringDecoder('utf8');
  readonly #blobs = new BlobList();
  readonly #gone: { readonly oid: Oid; readonly tid: Tid }[] = [];
  /** Lines that are no entries: with nothing between them, they are JSON, too. */
  readonly #frame: string[] = [];
  /** A line whose end has not come. */
  #begun = '';
  /** What the next line has to be. */
  #next: 'any' | 'entry' | 'frame' = 'frame';
  #isBroken = false;

  take(chunk: Uint8Array): void {
    if (this.#isBroken) return;
    const lines = (this.#begun + this.#utf8.write(chunk)).split('\n');
    this.#begun = lines.pop() ?? '';
    this.#isBroken =
      this.#begun.length > MOST_CHARACTERS || !lines.every((line) => this.#takeLine(line));
  }

  /** Undefined where it is none of ours, or of a later version. */
  end(): BlobManifest | undefined {
    if (this.#isBroken || !this.#takeLine(this.#begun + this.#utf8.end())) return undefined;
    const frame = this.#frame.join('\n');
    // What has a field twice would have lines of which JSON knows nothing.
    if (![BLOBS, GONE].every((field) => frame.split(field).length === 2)) return undefined;
    const head = parseJson(frame, ManifestHeadSchema);
    if (head === undefined) return undefined;
    const { stamp, form, base } = head;
    return { stamp, form, base, blobs: this.#blobs, gone: this.#gone };
  }

  /** Whether the line can be one, where it stands. */
  #takeLine(line: string): boolean {
    const isEntry = line.startsWith('[');
    if (this.#next !== 'any' && isEntry !== (this.#next === 'entry')) return false;
    if (!isEntry) {
      this.#frame.push(line);
      this.#next = 'any';
      return true;
    }
    const isLast = !line.endsWith(',');
    this.#next = isLast ? 'frame' : 'entry';
    return this.#takeEntry(isLast ? line : line.slice(0, -1));
  }

  #takeEntry(line: string): boolean {
    const field = this.#frame.at(-1) ?? '';
    if (field.endsWith(BLOBS)) return this.#takeBlob(line);
    return field.endsWith(GONE) && this.#takeGone(line);
  }

  #takeBlob(line: string): boolean {
    const match = BLOB_LINE.exec(line);
    if (match === null) return false;
    const [, oid = '', tid = '', size, sha256 = '', only, first, stored] = match;
    const sizeBytes = Number(size);
    const storedBytes = stored === undefined ? undefined : Number(stored);
    if (![sizeBytes, storedBytes ?? 0].every(Number.isSafeInteger)) return false;
    const suffix = copyOf(only ?? first);
    this.#blobs.add({ ...revisionOf(oid, tid), sizeBytes, sha256, suffix, storedBytes });
    return true;
  }

  #takeGone(line: string): boolean {
    const match = GONE_LINE.exec(line);
    if (match === null) return false;
    const [, oid = '', tid = ''] = match;
    this.#gone.push(revisionOf(oid, tid));
    return true;
  }
}

/** A part of a text keeps all of that in memory; this one doesn't. */
function copyOf(part: string | undefined): string | undefined {
  return part && Buffer.from(part, 'latin1').toString('latin1');
}

function revisionOf(oid: string, tid: string): { readonly oid: Oid; readonly tid: Tid } {
  const parsed = parseTid(tid);
  if (parsed === undefined) throw new RangeError('the pattern lets tids through only');
  return { oid: oidFrom(BigInt(`0x${oid}`)), tid: parsed };
}
