import { describe, expect, it } from 'vitest';
import { isExcluded } from './exclusions.ts';

describe('what is no blob', () => {
  it.each([
    ['tmp', 0],
    ['.removed', 0],
    ['.lock', 0],
    ['0x0123.lock', 3],
    ['BUCabcdef.spb', 0],
    ['.checkout_lock', 2],
    ['.blobstorage.0123456789ab.zodbvault-tmp', 0],
    ['.restored.0123456789ab.zodbvault-restored', 0],
    ['.restored.0123456789ab.zodbvault-kept', 0],
    ['.restored.0123456789ab.zodbvault-kept.part', 0],
  ])('%s at depth %d is left out', (name, depth) => {
    expect(isExcluded(name, depth)).toBe(true);
  });

  it.each([
    ['.layout', 0],
    ['0x00', 0],
    ['tmp', 1],
    ['.removed', 1],
    ['0x040d3526b672e077.blob', 8],
    ['tmp.blob', 0],
    ['lock', 0],
  ])('%s at depth %d stays', (name, depth) => {
    expect(isExcluded(name, depth)).toBe(false);
  });
});
