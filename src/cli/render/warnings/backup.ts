import { nameSome } from '../../../blobs/layout/summarize-names.ts';
import type { BackupWarning, WhyKept } from '../../../operations/run/warnings/backup-warnings.ts';
import type { ObjectFacts } from '../../../repository/lineage/continuity.ts';
import { count, formatUtcMoment } from '../../format/units.ts';
import type { WarningTexts } from './warning-text.ts';

/** So many commands are named; the next full backup names more, if it has to. */
const NAMED = 3;

const WHY_KEPT = {
  doubt: 'the newest backup may lack something that it contains',
  'set-back': 'a restore has put back an earlier state since then',
  'blobs-are-there': 'its blob backup may still be complete',
  'no-failed-run': 'zodbvault knows no run that failed to finish it',
} as const satisfies Record<WhyKept, string>;

export const BACKUP_WARNINGS: WarningTexts<BackupWarning['code']> = {
  'source-empty': {
    example: { kind: 'warning', code: 'source-empty', source: 'Data.fs' },
    sentence: ({ source }) =>
      `"${source}" contains no transaction, so this backup is empty. Is it the Data.fs of the site?`,
  },
  'uncommitted-tail': {
    example: { kind: 'warning', code: 'uncommitted-tail', source: 'Data.fs', bytes: 912 },
    sentence: ({ source, bytes }) =>
      `"${source}" has ${count(bytes, 'byte')} after its last complete transaction. The backup leaves them out, and a server cuts them off when it starts`,
  },
  'source-replaced': {
    example: { kind: 'notice', code: 'source-replaced', source: 'Data.fs' },
    sentence: ({ source }) =>
      `"${source}" was packed or replaced during the backup. The backup contains the file as it was before; the next backup will be a full one`,
  },
  'packed-during-backup': {
    example: { kind: 'notice', code: 'packed-during-backup', source: 'Data.fs' },
    sentence: ({ source }) =>
      `"${source}" was packed while zodbvault backed up its blobs, and some blobs may be gone. zodbvault makes the backup again`,
  },
  'truncated-source': {
    example: {
      kind: 'warning',
      code: 'truncated-source',
      source: 'Data.fs',
      backup: '2026-03-02-04-05-06.deltafsz',
      coveredUntil: '2026-03-02T04:01:00.000000Z',
      stamps: ['2026-03-02-04-05-06'],
    },
    sentence: ({ source, backup, coveredUntil, stamps }) => {
      const commands = stamps.slice(0, NAMED).map((stamp) => `"zodbvault delete ${stamp}"`);
      return `"${source}" lacks the last transactions of "${backup}", which goes up to ${formatUtcMoment(coveredUntil)}, and no restore since then explains that. Unless somebody put an earlier state or another database there, transactions have been lost, or it is another copy of the site. "zodbvault restore" brings them back. zodbvault deletes no old backup until this is resolved. If you rolled the Data.fs back on purpose, run ${commands.join(' and ')}, then make a full backup`;
    },
  },
  'perhaps-truncated-source': {
    example: {
      kind: 'notice',
      code: 'perhaps-truncated-source',
      source: 'Data.fs',
      backup: '2026-03-02-04-05-06.deltafsz',
      coveredUntil: '2026-03-02T04:01:00.000000Z',
      objects: { total: 812, left: 800, gone: 2, isSetBack: false, hasStrangers: false },
    },
    sentence: ({ source, backup, coveredUntil, objects }) =>
      `"${source}" may lack the last transactions of "${backup}", which goes up to ${formatUtcMoment(coveredUntil)}${describeObjects(objects)}. Both a pack and a loss can leave a Data.fs like this, and zodbvault cannot tell which it was. It keeps the newest full backup from before, until there are enough newer ones and "zodbvault verify --deep" has found one of them intact`,
  },
  'overwritten-source': {
    example: {
      kind: 'warning',
      code: 'overwritten-source',
      source: 'Data.fs',
      position: 8004,
      tid: '0x03f5e2a4c0d1b533',
      time: '2026-03-01T04:05:06.000000Z',
    },
    sentence: ({ source, position, tid, time }) =>
      `"${source}" is damaged, or somebody changed it by hand: at ${position}, in the transaction ${tid} of ${formatUtcMoment(time)}, it has other bytes than the backup, and a pack cannot explain that. "zodbvault verify --deep" may tell which objects they belong to. An earlier backup has the bytes that were there. zodbvault deletes no old backup. If you do not need the old backups any more, delete them by hand`,
  },
  'other-copy': {
    example: {
      kind: 'warning',
      code: 'other-copy',
      source: '/srv/copy/Data.fs',
      otherSource: '/srv/site/Data.fs',
      backup: '2026-03-02-04-05-06.fsz',
      coveredUntil: '2026-03-02T04:01:00.000000Z',
      isStillThere: true,
    },
    sentence: ({ source, otherSource, backup, coveredUntil, isStillThere }) => {
      const why = isStillThere
        ? `, which still exists, and "${backup}" is a backup of that one. zodbvault deletes no old backup. Give each copy its own folder for backups. If nobody uses the other copy any more, remove it`
        : `, or somebody rolled it back when it came from there: it lacks the last transactions of "${backup}", which goes up to ${formatUtcMoment(coveredUntil)}. zodbvault deletes no old backup. Give each copy its own folder for backups. If nobody uses the other copy any more, "zodbvault delete" deletes its backups`;
      return `"${source}" is another copy of the database than "${otherSource}"${why}`;
    },
  },
  'perhaps-other-copy': {
    example: {
      kind: 'notice',
      code: 'perhaps-other-copy',
      source: '/srv/new/Data.fs',
      otherSource: '/srv/site/Data.fs',
      backup: '2026-03-02-04-05-06.fsz',
      coveredUntil: '2026-03-02T04:01:00.000000Z',
    },
    sentence: ({ source, otherSource, backup, coveredUntil }) =>
      `"${source}" came from "${otherSource}" and was packed, or it is another copy of the database: it lacks the last transaction of "${backup}", which goes up to ${formatUtcMoment(coveredUntil)}, and zodbvault cannot tell why. If both are in use, give each its own folder for backups`,
  },
  'backup-file-lost': {
    example: {
      kind: 'warning',
      code: 'backup-file-lost',
      dat: '2026-03-01-04-05-06.dat',
      fileName: '2026-03-02-04-05-06.deltafsz',
      needing: ['2026-03-03-04-05-06.deltafsz'],
    },
    sentence: ({ dat, fileName, needing }) => {
      const file = fileName === undefined ? 'its full backup' : `"${fileName}"`;
      const without =
        needing.length === 0
          ? ''
          : `. Without it, zodbvault can restore nothing from ${needing.join(', ')}`;
      return `"${dat}" lists ${file}, which does not exist any more${without}. The other files of this backup stay. Bring the file back from a copy, or delete the rest with "zodbvault delete --damaged"`;
    },
  },
  'backup-file-resized': {
    example: {
      kind: 'warning',
      code: 'backup-file-resized',
      fileName: '2026-03-02-04-05-06.deltafsz',
      bytes: 4096,
    },
    sentence: ({ fileName, bytes }) =>
      `"${fileName}" has ${count(bytes, 'byte')} now, but the backup wrote another number. zodbvault cannot restore from this file, or from the increments after it, so it makes a full backup. Bring the file back from a copy, or delete it with "zodbvault delete --damaged"`,
  },
  'changed-by-others': {
    example: {
      kind: 'warning',
      code: 'changed-by-others',
      folder: 'backups',
      came: ['2026-01-01-04-05-06.fsz'],
      went: [],
    },
    sentence: ({ folder, came, went }) => {
      const changes = [
        ...(came.length === 0 ? [] : [`${nameSome(came)} appeared or changed`]),
        ...(went.length === 0 ? [] : [`${nameSome(went)} disappeared`]),
      ];
      return `another program changed the backups in "${folder}" during this backup: ${changes.join(', ')}. zodbvault deleted no old backup. Find out which program it is, and give it its own folder. If it belongs there, the next backup deletes the old ones`;
    },
  },
  'incomplete-backup-kept': {
    example: {
      kind: 'notice',
      code: 'incomplete-backup-kept',
      stamps: ['2026-03-02-04-05-06'],
      why: 'doubt',
    },
    sentence: ({ stamps, why }) => {
      const more = stamps.length > NAMED ? ` and ${stamps.length - NAMED} more` : '';
      const newest = stamps.at(-1);
      const prove =
        why === 'blobs-are-there'
          ? `"zodbvault verify --deep ${newest}" checks its blobs; if they are complete, it counts again. `
          : '';
      return `${stamps.slice(-NAMED).join(', ')}${more}: incomplete, but kept, because ${WHY_KEPT[why]}. ${prove}If nobody needs it, delete it with "zodbvault delete ${newest}"`;
    },
  },
  'other-database-kept': {
    example: {
      kind: 'warning',
      code: 'other-database-kept',
      fullBackups: ['2026-01-01-04-05-06.fsz'],
    },
    sentence: ({ fullBackups }) =>
      `zodbvault keeps the backups of another database, whatever "keep" says: ${fullBackups.join(', ')}. If nobody needs them, delete them with "zodbvault delete". Otherwise give each database its own folder`,
  },
  'perhaps-other-database-kept': {
    example: {
      kind: 'notice',
      code: 'perhaps-other-database-kept',
      fullBackups: ['2026-01-01-04-05-06.fsz'],
      sources: ['/srv/site/Data.fs'],
    },
    sentence: ({ fullBackups, sources }) => {
      const of = sources.length === 0 ? '' : `, made from "${sources.join('", "')}",`;
      return `${fullBackups.join(', ')}${of} may be of this database, before it was moved and packed, or of another one. zodbvault cannot tell which, and keeps them, whatever "keep" says. If nobody needs them, delete them with "zodbvault delete"`;
    },
  },
};

function describeObjects(objects: ObjectFacts | undefined): string {
  if (objects === undefined) return '';
  const { total, left, gone } = objects;
  const are = (number: number) => `${number} ${number === 1 ? 'is' : 'are'}`;
  const changed = total - left - gone;
  const have = `${changed} ${changed === 1 ? 'has' : 'have'} changed`;
  return `: of its ${count(total, 'object')}, ${are(left)} unchanged, ${have}, ${are(gone)} gone`;
}
