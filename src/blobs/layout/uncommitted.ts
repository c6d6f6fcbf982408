/**
 * Files that ZEO clients write into a shared blob directory until their transaction ends. They lie beside the
 * blobs, and become one or go when it ends; those of a client that was killed stay.
 *
 * | part of the name | source |
 * | --- | --- |
 * | `0x` and 16 hex digits | the serial that the client knew (ZODB, `oid_repr`) |
 * | or `0x00` | the blob is new: leading zero bytes are left out |
 * | or `None` | the blob is imported (ZODB, `ExportImport`) |
 * | 8 of `a-z0-9_` | Python 3's `tempfile`; Python 2's: 6, with capitals |
 * | `.tmp` | ZODB, `blob_mkstemp` |
 * | or `.tmp-` | ZEO, `ClientStorage.storeBlob` |
 */
const UNCOMMITTED = /^(?:0x(?:[0-9a-f]{16}|00)|None)(?:[a-z0-9_]{8}|[A-Za-z0-9_]{6})\.tmp-?$/;

/** Whether a path ends in such a name. */
export function isUncommitted(path: string): boolean {
  return UNCOMMITTED.test(path.slice(path.lastIndexOf('/') + 1));
}

/**
 * The same names as shell patterns, one a line, for `--exclude-from=-` of rsync and GNU tar: on the command line,
 * they would fill the log.
 */
export const UNCOMMITTED_PATTERNS: string = patterns()
  .map((pattern) => `${pattern}\n`)
  .join('');

function patterns(): readonly string[] {
  const serials = [`0x${'[0-9a-f]'.repeat(16)}`, '0x00', 'None'];
  const random = ['[a-z0-9_]'.repeat(8), '[A-Za-z0-9_]'.repeat(6)];
  return serials.flatMap((serial) =>
    random.flatMap((characters) =>
      ['.tmp', '.tmp-'].map((ending) => `${serial}${characters}${ending}`),
    ),
  );
}
