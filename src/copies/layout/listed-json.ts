/** Bytes of a piece, about. */
const PIECE_BYTES = 256 << 10;

/** Texts that belong together, in pieces: what lists a million objects is never one string. */
export function* inPieces(texts: Iterable<string>): Generator<Uint8Array> {
  let kept = '';
  for (const text of texts) {
    kept += text;
    if (kept.length < PIECE_BYTES) continue;
    yield Buffer.from(kept);
    kept = '';
  }
  if (kept !== '') yield Buffer.from(kept);
}

/** An array of JSON with an entry in each line. */
export function* arrayInLines(entries: Iterable<object>): Generator<string> {
  let before = '[\n';
  for (const entry of entries) {
    yield before + JSON.stringify(entry);
    before = ',\n';
  }
  yield before === '[\n' ? '[]' : '\n]';
}
