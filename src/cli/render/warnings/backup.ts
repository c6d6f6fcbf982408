import { nameSome } from '../../../blobs/layout/summarize-names.ts';
import type { BackupWarning, WhyKept } from '../../../operations/run/warnings/backup-warnings.ts';
import type { ObjectFacts } from '../../../repository/lineage/continuity.ts';
import type { WarningTexts } from './warning-text.ts';

/** So many commands are named; the next full backup names more, if it has to. */
const NAMED = 3;

const WHY_KEPT = {
  doubt: 'the newest backup may lack what it holds',
  'set-back': 'a restore has put an earlier state in its place since then',
  'blobs-are-there': 'its blob backup may be complete all the same',
  'no-failed-run': 'no run is known that failed to finish it',
} as const satisfies Record<WhyKept, string>;

export const BACKUP_WARNINGS: WarningTexts<BackupWarning['code']> = {
  'source-empty': {
    example: { kind: 'warning', code: 'source-empty', source: 'Data.fs' },
    sentence: ({ source }) =>
      `"${source}" holds no transaction, so this backup holds nothing. Is it the Data.fs of the site?`,
  },
  'uncommitted-tail': {
    example: { kind: 'warning', code: 'uncommitted-tail', source: 'Data.fs', bytes: 912 },
    sentence: ({ source, bytes }) =>
      `"${source}" has ${bytes} bytes behind its last transaction that are none: they are left out of the backup, and a server cuts them off when it starts`,
  },
  'source-replaced': {
    example: { kind: 'notice', code: 'source-replaced', source: 'Data.fs' },
    sentence: ({ source }) =>
      `"${source}" was packed or replaced during the backup, which holds it as it was before; the next backup will be a full one`,
  },
  'packed-during-backup': {
    example: { kind: 'notice', code: 'packed-during-backup', source: 'Data.fs' },
    sentence: ({ source }) =>
      `"${source}" was packed while its blobs were backed up: some may be gone; the backup is made again`,
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
      return `"${source}" lacks the end of what "${backup}" holds, which reaches to ${coveredUntil}, and no restore since then explains that. If nobody put an earlier state or another database there, its end is lost, or it is another copy: "restore" brings it back. Nothing old is removed; if it was set back on purpose, ${commands.join(' and ')} and a full backup end this`;
    },
  },
  'perhaps-truncated-source': {
    example: {
      kind: 'notice',
      code: 'perhaps-truncated-source',
      source: 'Data.fs',
      backup: '2026-03-02-04-05-06.deltafsz',
      coveredUntil: '2026-03-02T04:01:00.000000Z',
      objects: { total: 812, left: 800, gone: 2, isSetBack: false },
    },
    sentence: ({ source, backup, coveredUntil, objects }) =>
      `"${source}" may lack the end of what "${backup}" holds, which reaches to ${coveredUntil}${describeObjects(objects)}. A pack leaves a Data.fs like this, and so may a loss: nobody can tell. The newest full backup from before stays until there are enough newer ones and "verify --deep" has found one of them good`,
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
      `"${source}" is damaged, or was changed by hand: at ${position}, in the transaction ${tid} (${time}), it has other bytes than were backed up, and no pack makes these. "verify --deep" may tell what they belong to; an earlier backup has what was there. Nothing old is removed; if the old backups are not needed any more, remove them by hand`,
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
        ? `, which is still there, and of which "${backup}" was made. Nothing old is removed. Give each copy a folder of its own; if the other is not in use any more, remove it`
        : `, or was set back when it came from there: it lacks what "${backup}" holds, which reaches to ${coveredUntil}. Nothing old is removed. Give each copy a folder of its own; if the other is not in use any more, "zodbvault delete" removes its backups`;
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
      `nobody can tell whether "${source}" came from "${otherSource}" and was packed, or is another copy of the database: it has not the last transaction of "${backup}", which reaches to ${coveredUntil}. If both are in use, give each a folder of its own for its backups`,
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
          : `; without it, nothing can be restored from ${needing.join(', ')}`;
      return `"${dat}" lists ${file}, which is not there any more${without}. What is left of it stays. Bring the file back from a copy, or remove the rest with "zodbvault delete --damaged"`;
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
      `"${fileName}" has ${bytes} bytes now, another size than was written: nothing can be restored from it, nor from what needs it. A full backup is made; bring the file back from a copy, or remove it with "zodbvault delete --damaged"`,
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
        ...(came.length === 0 ? [] : [`${nameSome(came)} came or was changed`]),
        ...(went.length === 0 ? [] : [`${nameSome(went)} went`]),
      ];
      return `another program has changed the backups in "${folder}" while this backup was made: ${changes.join(', ')}. No old backup was removed. Find out which program it is, and give it a folder of its own; if it is right there, the next backup removes what is old`;
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
          ? `"zodbvault verify --deep ${newest}" shows whether they are, and it counts again. `
          : '';
      return `${stamps.slice(-NAMED).join(', ')}${more}: incomplete, but kept: ${WHY_KEPT[why]}. ${prove}If nobody needs it, remove it with "zodbvault delete ${newest}"`;
    },
  },
  'other-database-kept': {
    example: {
      kind: 'warning',
      code: 'other-database-kept',
      fullBackups: ['2026-01-01-04-05-06.fsz'],
    },
    sentence: ({ fullBackups }) =>
      `backups of another database are kept, whatever "keep" says: ${fullBackups.join(', ')}. If nobody needs them, remove them with "zodbvault delete"; otherwise give each database a folder of its own`,
  },
  'perhaps-other-database-kept': {
    example: {
      kind: 'notice',
      code: 'perhaps-other-database-kept',
      fullBackups: ['2026-01-01-04-05-06.fsz'],
      sources: ['/srv/site/Data.fs'],
    },
    sentence: ({ fullBackups, sources }) => {
      const of = sources.length === 0 ? '' : `, made of "${sources.join('", "')}",`;
      return `${fullBackups.join(', ')}${of} may be of this database, before it was moved and packed, or of another one; nobody can tell. They are kept, whatever "keep" says; if nobody needs them, remove them with "zodbvault delete"`;
    },
  },
};

function describeObjects(objects: ObjectFacts | undefined): string {
  if (objects === undefined) return '';
  const { total, left, gone } = objects;
  const are = (count: number) => `${count} ${count === 1 ? 'is' : 'are'}`;
  const changed = total - left - gone;
  const have = `${changed} ${changed === 1 ? 'has' : 'have'} changed`;
  return `: of its ${total} ${total === 1 ? 'object' : 'objects'}, ${are(left)} as they were, ${have}, ${are(gone)} gone`;
}
