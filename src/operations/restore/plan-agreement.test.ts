import { describe, expect, it } from 'vitest';
import { stamp } from '../../../test/support/stamp.ts';
import type { RestoreJournal } from './journal/journal-record.ts';
import { refuseOtherJournal, refuseOtherRestore } from './plan-agreement.ts';
import type { MeantRestore } from './site-restore-plan.ts';

interface Shown {
  readonly day?: number;
  readonly target?: string;
  readonly replaces?: boolean;
  readonly lastRestoreAt?: string;
}

function restore({
  day = 1,
  target = '/Data.fs',
  replaces = true,
  lastRestoreAt,
}: Shown): MeantRestore {
  const point = {
    kind: 'unlisted',
    stamp: stamp(`2026-03-0${day}-00-00-00`),
    files: [],
    skipped: [],
    end: undefined,
    lastTid: undefined,
  } as const;
  const plan = { repository: '/backups', point, target, replaces };
  return {
    plan: { filestorages: [{ storage: '1', plan }], blobs: [] },
    warnings: [],
    lastRestoreAt,
  };
}

describe('a restore that somebody has agreed to', () => {
  it.each<[string, Shown, Shown]>([
    ['nothing has changed', {}, {}],
    ['what it would replace has gone meanwhile', { replaces: false }, { replaces: true }],
    ['it is after the same last restore', { lastRestoreAt: 'x' }, { lastRestoreAt: 'x' }],
  ])('is done where %s', (_, found, agreed) => {
    expect(() => refuseOtherRestore(restore(found), restore(agreed))).not.toThrow();
  });

  it.each<[string, Shown, Shown]>([
    ['there is another backup', { day: 2 }, { day: 1 }],
    ['it goes elsewhere', { target: '/other/Data.fs' }, {}],
    ['there is something to replace by now', { replaces: true }, { replaces: false }],
    ['there was another restore', { lastRestoreAt: 'y' }, { lastRestoreAt: 'x' }],
    ['there was a first restore', { lastRestoreAt: 'y' }, {}],
  ])('is refused where %s', (_, found, agreed) => {
    const refused = expect.objectContaining({ code: 'refused' });
    expect(() => refuseOtherRestore(restore(found), restore(agreed))).toThrow(refused);
  });
});

describe('an undo that somebody has agreed to', () => {
  const journal: RestoreJournal = {
    format: 1,
    tool: 'zodbvault',
    anchor: '/Data.fs',
    at: '2026-03-01T00:00:00.000Z',
    restored: 'Data.fs',
    state: 'done',
    steps: [{ kind: 'file', path: '/Data.fs', staged: null, identity: '1', kept: null }],
    superseded: [],
  };
  const doing = 'undo the restore';

  it('is done where the journal is the same', () => {
    const again = structuredClone(journal);
    expect(() => refuseOtherJournal(again, { agreed: journal, doing })).not.toThrow();
  });

  it.each([
    ['another moment', { at: '2026-03-01T00:00:01.000Z' }],
    ['other steps', { steps: [] }],
  ])('is refused for %s', (_, change) => {
    const refused = expect.objectContaining({ code: 'refused' });
    const found = { ...journal, ...change };
    expect(() => refuseOtherJournal(found, { agreed: journal, doing })).toThrow(refused);
  });
});
