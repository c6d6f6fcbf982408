import type { RunWarning } from '../../../operations/run/warnings/run-warnings.ts';
import { describeHold } from '../holds.ts';
import { describeAstray, rescueCommand } from '../remedies/rescue.ts';
import type { WarningTexts } from './warning-text.ts';

export const RUN_WARNINGS: WarningTexts<RunWarning['code']> = {
  'retention-hold': {
    example: {
      kind: 'warning',
      code: 'retention-hold',
      hold: {
        kind: 'lost',
        source: 'blobstorage',
        holder: 'blobstorage.2026-03-01-04-05-06',
      },
    },
    sentence: ({ hold }) => describeHold(hold),
  },
  'astray-server': {
    example: {
      kind: 'warning',
      code: 'astray-server',
      dataFs: 'Data.fs',
      pid: 4711,
      descriptor: 12,
      path: undefined,
    },
    sentence: ({ dataFs, ...server }) =>
      `the ${describeAstray(server, dataFs)}. No backup has what is committed there. Keep everybody out of the site, do not stop this process yet, and copy its file: ${rescueCommand(server, dataFs)}. Then stop it. "zodbvault log" with the name of a file shows what is in it: put the copy in the place of "${dataFs}" if the site needs what it holds`,
  },
  'unread-checks': {
    example: { kind: 'warning', code: 'unread-checks', fileName: '.zodbvault.checks.json' },
    sentence: ({ fileName }) =>
      `"${fileName}" can not be read, which says what verifications have found: it is damaged, or of a later version. Nothing old is removed until "zodbvault verify --deep" has looked again`,
  },
  'bad-result-not-noted': {
    example: {
      kind: 'warning',
      code: 'bad-result-not-noted',
      stamps: ['2026-03-02-04-05-06'],
      reason: 'Cannot write "backups": no space left on the disk',
    },
    sentence: ({ stamps, reason }) =>
      `nobody else will know that ${stamps.join(', ')} is bad, "keep" counts it, and "check" calls it whole: this result could not be noted: ${reason}. Make that possible, and verify again before the next backup`,
  },
  'ping-failed': {
    example: { kind: 'notice', code: 'ping-failed', moment: 'start', reason: 'it answered 404' },
    sentence: ({ moment, reason }) => `ping_url was not told ("${moment}"): ${reason}`,
  },
  'run-log-not-written': {
    example: {
      kind: 'notice',
      code: 'run-log-not-written',
      reason: 'Cannot write "backups": permission denied',
    },
    sentence: ({ reason }) => `the run log was not written: ${reason}`,
  },
};
