import type { InstallWarning } from './warnings/install-warnings.ts';

/** A change that an installation makes. */
export type InstallStep =
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly content: string;
      readonly replaces: 'nothing' | 'own' | 'recipe';
    }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'make-folder'; readonly path: string }
  | { readonly kind: 'warn'; readonly warning: InstallWarning };

/** A change of what is scheduled. */
export type ScheduleStep = { readonly kind: 'set-crontab'; readonly content: Buffer } | UnitStep;

/** A change of the units in a folder of systemd, or of what it runs. */
export type UnitStep =
  | { readonly kind: 'write-unit'; readonly path: string; readonly content: string }
  | { readonly kind: 'remove-unit'; readonly path: string }
  | { readonly kind: 'systemctl'; readonly argv: readonly string[] }
  /** What somebody has to run, since systemd doesn't run here. */
  | { readonly kind: 'tell-systemctl'; readonly argv: readonly string[] };
