import type { BlobsLeftOut } from '../../../config/plain/plain-search.ts';
import type { WarningTexts } from './warning-text.ts';

export const SITE_WARNINGS: WarningTexts<BlobsLeftOut['code']> = {
  'blobs-not-backed-up': {
    example: { kind: 'warning', code: 'blobs-not-backed-up', path: 'blobstorage' },
    sentence: ({ path }) =>
      `the blobs in "${path}" are not backed up: name a folder for their backups with --blobbackuplocation (or ZODBVAULT_BLOBBACKUPLOCATION), or say --no-blobs`,
  },
  'blobs-not-restored': {
    example: { kind: 'warning', code: 'blobs-not-restored', path: 'blobstorage' },
    sentence: ({ path }) =>
      `the blobs in "${path}" stay as they are, as no backups of them are there: name their folder with --blobbackuplocation, or say --no-blobs`,
  },
};
