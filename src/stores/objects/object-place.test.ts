import { describe, expect, it } from 'vitest';
import { Failure } from '../../system/failure.ts';
import { parseObjectPlace } from './object-place.ts';

describe('a place of objects', () => {
  it.each([
    ['/mnt/nas/site', { kind: 'folder', path: '/mnt/nas/site' }],
    ['copies', { kind: 'folder', path: 'copies' }],
    ['file:///mnt/my%20nas', { kind: 'folder', path: '/mnt/my nas' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['S3://bucket/', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/a/b//', { kind: 's3', bucket: 'my.bucket-1', prefix: 'a/b/' }],
  ])('is read from %s', (text, place) => {
    expect(parseObjectPlace(text)).toEqual(place);
  });

  it.each([
    'ftp://server/path',
    'https://server/bucket',
    's3:bucket',
    's3://',
    's3:///prefix',
    's3://b',
    's3://bucket/../x',
    's3://bucket/a b',
    's3://bucket?x=y',
    'file://server/path',
  ])('is not read from %s', (text) => {
    expect(() => parseObjectPlace(text)).toThrow(Failure);
  });

  it('is never told with what may be a password', () => {
    for (const text of ['s3://key:secret@bucket/x', 'http://user:secret@server/x']) {
      expect(() => parseObjectPlace(text)).toThrow(/^(?!.*secret)Cannot use /);
    }
  });
});
