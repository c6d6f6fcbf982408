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
      `the ${describeAstray(server, dataFs)}. No backup contains these transactions. Keep all users out of the site, do not stop this process yet, and copy its file: ${rescueCommand(server, dataFs)}. Then stop the process. "zodbvault log" with the name of a file shows its transactions: if the site needs them, rename the copy to "${dataFs}"`,
  },
  'copy-failed': {
    example: {
      kind: 'warning',
      code: 'copy-failed',
      copy: 's3://backups/plone',
      cause: 'system',
      reason: 'Cannot reach "s3://backups/plone": connection refused',
    },
    sentence: ({ copy, reason }) =>
      `the copy "${copy}" lacks the newest backups: ${reason}. The next backup tries again, and so does "zodbvault copy"`,
  },
  'copy-not-pruned': {
    example: {
      kind: 'warning',
      code: 'copy-not-pruned',
      copy: 's3://backups/plone',
      reason: 'Cannot remove "s3://backups/plone/sites/plone/points": access denied',
    },
    sentence: ({ copy, reason }) =>
      `zodbvault could not delete old backups in the copy "${copy}": ${reason}. The copy itself is complete. The next backup tries again`,
  },
  'copy-not-synced': {
    example: { kind: 'notice', code: 'copy-not-synced', copy: 'sftp://backup@nas.example/backups' },
    sentence: ({ copy }) =>
      `the server of the copy "${copy}" cannot say when its disk has what was copied. If that machine crashes in the next minutes, it may lose some of it: then run "zodbvault copy --verify"`,
  },
  'unread-checks': {
    example: { kind: 'warning', code: 'unread-checks', fileName: '.zodbvault.checks.json' },
    sentence: ({ fileName }) =>
      `zodbvault cannot read "${fileName}", which records what verifications have found: it is damaged, or a later version wrote it. zodbvault deletes no old backup until "zodbvault verify --deep" has run again`,
  },
  'unread-tags': {
    example: { kind: 'warning', code: 'unread-tags', fileName: '.zodbvault.tags.json' },
    sentence: ({ fileName }) =>
      `zodbvault cannot read "${fileName}", which records which restore points have tags: it is damaged, or a later version wrote it. zodbvault deletes no old backup until you move that file away`,
  },
  'bad-result-not-noted': {
    example: {
      kind: 'warning',
      code: 'bad-result-not-noted',
      stamps: ['2026-03-02-04-05-06'],
      reason: 'Cannot write "backups": no space left on the disk',
    },
    sentence: ({ stamps, reason }) =>
      `zodbvault could not record that ${stamps.join(', ')} is bad: ${reason}. Until it is recorded, "keep" counts it, and "check" does not show it. Correct this, and verify again before the next backup`,
  },
  'copied-point-unusable': {
    example: {
      kind: 'warning',
      code: 'copied-point-unusable',
      reason:
        'Cannot read "s3://backups/sites/plone/points/Data-backup/2026-03-01-04-05-06.00000001.json"',
    },
    sentence: ({ reason }) => `the copy has a restore point that cannot be used: ${reason}`,
  },
  'copied-points-aside': {
    example: {
      kind: 'notice',
      code: 'copied-points-aside',
      stamps: ['2026-03-02-04-05-06'],
    },
    sentence: ({ stamps }) =>
      `the copy also has ${stamps.join(', ')}: the newer backups do not go on from there, as after "zodbvault delete". To restore one, name its whole date`,
  },
  'copy-not-told': {
    example: {
      kind: 'notice',
      code: 'copy-not-told',
      copy: 's3://backups/plone',
      reason: 'Cannot reach "s3://backups/plone": connection refused',
    },
    sentence: ({ copy, reason }) =>
      `zodbvault could not note in the copy "${copy}" that the backup failed: ${reason}`,
  },
  'ping-failed': {
    example: { kind: 'notice', code: 'ping-failed', moment: 'start', reason: 'it answered 404' },
    sentence: ({ moment, reason }) => `the ping of ping_url failed ("${moment}"): ${reason}`,
  },
  'run-log-not-written': {
    example: {
      kind: 'notice',
      code: 'run-log-not-written',
      reason: 'Cannot write "backups": permission denied',
    },
    sentence: ({ reason }) => `zodbvault could not write the run log: ${reason}`,
  },
};
