import { documentSchema } from './envelope.ts';
import { adoptResult } from './results/adopt.ts';
import { backupResult } from './results/backup.ts';
import { checkResult } from './results/check.ts';
import { configResult } from './results/config.ts';
import { catResult } from './results/content/cat.ts';
import { exportResult } from './results/content/export.ts';
import { findResult } from './results/content/find.ts';
import { lsResult } from './results/content/ls.ts';
import { copyResult } from './results/copy.ts';
import { deleteResult } from './results/delete.ts';
import { diffResult } from './results/diff.ts';
import { explainResult } from './results/explain.ts';
import { historyResult } from './results/history.ts';
import { initResult } from './results/init.ts';
import { installResult } from './results/install.ts';
import { listResult } from './results/list.ts';
import { logResult } from './results/log.ts';
import { openResult } from './results/open.ts';
import { doctorResult } from './results/places/doctor.ts';
import { unlockResult } from './results/places/unlock.ts';
import { pruneResult } from './results/prune.ts';
import { reportResult } from './results/report.ts';
import { restoreResult } from './results/restore.ts';
import { scheduleResult } from './results/schedule.ts';
import { keygenResult } from './results/setup/keygen.ts';
import { showResult } from './results/show.ts';
import { tagResult } from './results/tag.ts';
import { testRestoreResult } from './results/test-restore.ts';
import { verifyResult } from './results/verify.ts';

/** What each command says with --json, by its name; in the order of --help. */
export const RESULTS = {
  backup: backupResult,
  restore: restoreResult,
  list: listResult,
  verify: verifyResult,
  history: historyResult,
  show: showResult,
  log: logResult,
  diff: diffResult,
  ls: lsResult,
  find: findResult,
  cat: catResult,
  export: exportResult,
  copy: copyResult,
  check: checkResult,
  'test-restore': testRestoreResult,
  open: openResult,
  delete: deleteResult,
  prune: pruneResult,
  tag: tagResult,
  init: initResult,
  keygen: keygenResult,
  install: installResult,
  config: configResult,
  schedule: scheduleResult,
  adopt: adoptResult,
  doctor: doctorResult,
  unlock: unlockResult,
  report: reportResult,
  explain: explainResult,
} as const;

export type CommandWithJson = keyof typeof RESULTS;

/** The schema of the document that a command prints, which takes no name that it doesn't know. */
export function schemaOf(command: CommandWithJson) {
  return documentSchema(command, RESULTS[command]);
}
