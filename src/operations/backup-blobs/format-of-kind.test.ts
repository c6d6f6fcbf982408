import { describe, expect, it } from 'vitest';
import type { BlobFormat } from '../../config/model/site.ts';
import { formatOfKind } from './format-of-kind.ts';

const DIRECTORIES: BlobFormat = { kind: 'directories', naming: 'numbers' };
const ARCHIVES: BlobFormat = { kind: 'archives', naming: 'stamps', compression: 'gzip' };
const INCREMENTAL: BlobFormat = { kind: 'incremental-archives', compression: 'gzip' };

describe('the format of blob backups', () => {
  it.each([
    ['backup', DIRECTORIES, DIRECTORIES],
    ['backup', INCREMENTAL, INCREMENTAL],
    ['snapshot', DIRECTORIES, DIRECTORIES],
    ['snapshot', ARCHIVES, ARCHIVES],
    // A snapshot needs no other archive.
    ['snapshot', INCREMENTAL, ARCHIVES],
    ['zip', DIRECTORIES, { kind: 'archives', naming: 'numbers', compression: 'none' }],
    ['zip', INCREMENTAL, { kind: 'archives', naming: 'numbers', compression: 'gzip' }],
  ] as const)('of a %s, where the option says %j', (of, format, expected) => {
    expect(formatOfKind(of, format)).toEqual(expected);
  });
});
