import type { ServerWarning } from '../../../operations/run/warnings/server-warnings.ts';
import type { WarningTexts } from './warning-text.ts';

export const SERVER_WARNINGS: WarningTexts<ServerWarning['code']> = {
  'call-failed': {
    example: {
      kind: 'warning',
      code: 'call-failed',
      client: '127.0.0.1:41230',
      method: 'loadBefore',
      reason: 'Cannot read "Data.fs": the disk reported an I/O error',
    },
    sentence: ({ client, method, reason }) =>
      `client ${client} got an error for its call of ${method}: ${reason}`,
  },
  'blob-not-found': {
    example: {
      kind: 'warning',
      code: 'blob-not-found',
      client: '127.0.0.1:41230',
      oid: '000000000000000e',
      tid: '040d3526b672e077',
    },
    sentence: ({ client, oid, tid }) =>
      `client ${client} wants the blob of object ${oid} of transaction ${tid}, and no backup of the blobs has it`,
  },
};
