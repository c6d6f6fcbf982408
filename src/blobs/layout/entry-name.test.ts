import { describe, expect, it } from 'vitest';
import { stamp } from '../../../test/support/stamp.ts';
import { archiveName, entryStem, parseEntryName, stateName } from './entry-name.ts';

const S = '2026-03-01-04-05-06';

describe('names in a blob folder', () => {
  it.each([
    ['blobstorage.0', 'directory', 'blobstorage', 0, 'directory'],
    ['blobstorage.12', 'directory', 'blobstorage', 12, 'directory'],
    [`blobstorage.${S}`, 'directory', 'blobstorage', S, 'directory'],
    // The recipe never finds the next five again: more than one dot.
    [`blobs.prod.${S}`, 'directory', 'blobs.prod', S, 'directory'],
    ['site.blobs.3', 'directory', 'site.blobs', 3, 'directory'],
    [`blobs.prod.${S}.tar`, 'file', 'blobs.prod', S, 'archive'],
    ['blobs.2024.0', 'directory', 'blobs.2024', 0, 'directory'],
    ['blobs.tar.0.tar.gz', 'file', 'blobs.tar', 0, 'archive'],
    // Of a blob directory with a slash at its end, before 4.0b2.
    ['.0', 'directory', '', 0, 'directory'],
    ['7', 'directory', '', 7, 'directory'],
    [S, 'directory', '', S, 'directory'],
    ['a b\n"c\'%.0', 'directory', 'a b\n"c\'%', 0, 'directory'],
    ['-rf.1', 'directory', '-rf', 1, 'directory'],
    ['blobstorage.0.tar', 'file', 'blobstorage', 0, 'archive'],
    [`b.${S}.tar.gz`, 'file', 'b', S, 'archive'],
    [`b.${S}.delta.tar`, 'file', 'b', S, 'delta'],
    [`b.${S}.delta.tar.gz`, 'file', 'b', S, 'delta'],
    [`b.${S}.snar`, 'file', 'b', S, 'state'],
  ] as const)('%j, a %s', (name, type, base, id, form) => {
    const parsed = parseEntryName(name, type);
    expect(parsed).toMatchObject({ name, base, form });
    expect(parsed?.id).toEqual(
      typeof id === 'number' ? { kind: 'number', number: id } : { kind: 'stamp', stamp: id },
    );
  });

  it.each([
    ['latest', 'directory'],
    ['blobstorage', 'directory'],
    ['blobstorage.', 'directory'],
    ['blobstorage.-1', 'directory'],
    ['blobstorage.01', 'directory'],
    ['blobstorage.1x', 'directory'],
    ['blobstorage.1234567890', 'directory'],
    [`blobstorage.${S}x`, 'directory'],
    ['blobstorage.2026-03-01', 'directory'],
    ['blobstorage.2026-3-1-4-5-6', 'directory'],
    ['blobstorage.0', 'file'],
    ['blobstorage.0.tar', 'directory'],
    ['blobstorage.0.tar.bz2', 'file'],
    ['blobstorage.0.tar.json', 'file'],
    [`blobstorage.${S}.snar`, 'directory'],
    ['.blobstorage.0.0123456789ab.zodbvault-tmp', 'directory'],
    ['.blobstorage.0.0123456789ab.zodbvault-old', 'directory'],
    ['.zodbvault.lock', 'file'],
    ['.zodbvault.json', 'file'],
  ] as const)('none: %j, a %s', (name, type) => {
    expect(parseEntryName(name, type)).toBeUndefined();
  });

  it('are read as they are written', () => {
    const id = { kind: 'stamp', stamp: stamp(S) } as const;
    const stem = entryStem('b.c', id);
    for (const compression of ['none', 'gzip'] as const) {
      for (const form of ['archive', 'delta'] as const) {
        const name = archiveName(stem, { form, compression });
        expect(parseEntryName(name, 'file')).toEqual({ name, base: 'b.c', id, form });
      }
    }
    expect(parseEntryName(stem, 'directory')).toMatchObject({ base: 'b.c', id });
    const state = stateName('b.c', id.stamp);
    expect(parseEntryName(state, 'file')).toMatchObject({ base: 'b.c', id, form: 'state' });
  });
});
