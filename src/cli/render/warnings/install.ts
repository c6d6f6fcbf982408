import type { InstallWarning } from '../../../operations/run/warnings/install-warnings.ts';
import type { WarningTexts } from './warning-text.ts';

/** The two about folders are the recipe's. */
export const INSTALL_WARNINGS: WarningTexts<InstallWarning['code']> = {
  'scripts-taken-over': {
    example: {
      kind: 'warning',
      code: 'scripts-taken-over',
      paths: ['bin/backup'],
      owner: '/srv/site/buildout.cfg',
      buildout: '/srv/site/development.cfg',
    },
    sentence: ({ paths, owner, buildout }) =>
      `${paths.join(', ')}: written for "${owner}" before, and now for "${buildout}"; give one of the parts another name to have both`,
  },
  'folder-is-a-file': {
    example: { kind: 'warning', code: 'folder-is-a-file', path: 'var/backups' },
    sentence: ({ path }) => `${path} is a file, not a directory.`,
  },
  'folder-not-creatable': {
    example: { kind: 'warning', code: 'folder-not-creatable', path: 'var/backups' },
    sentence: ({ path }) => `Not able to create ${path}`,
  },
};
