import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import type { SiteHead } from '../../copies/layout/site-head.ts';
import type { CopyState } from '../../repository/records/copy-states.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import type { CopyOpener } from './copy-place.ts';
import type { LocalEvents } from './events/local-events.ts';
import type { CopyForms } from './forms/copy-forms.ts';
import type { LocalPoint } from './local-points.ts';
import type { LocalTag } from './tags/local-tags.ts';

/** Which copy of which site. */
export interface PushRequest {
  readonly site: Site;
  readonly copy: CopySettings;
  readonly now: () => Date;
  /** Opens the place of a copy. */
  readonly open: CopyOpener;
  /** How the runs before ended; absent: none has, or what they brought doesn't matter. */
  readonly remembered?: CopyState | undefined;
  /** Goes on though the newest backups there are of another site. */
  readonly beginAgain?: boolean;
  /** Something of the site is about to come to the place, which is marked as one of copies by now; absent: nobody asks. */
  readonly onBegun?: (() => Promise<void>) | undefined;
  /** A restore point is in the copy now. */
  readonly onBrought?: () => void;
}

/** What a run did for one copy. */
export interface PushResult {
  /** Restore points that came to it. */
  readonly points: number;
  /** Of what came, and of what a killed run had brought. */
  readonly bytes: number;
  /** Restore points that went from it. */
  readonly removed: number;
  /** Restore points that the copy has now. */
  readonly held: number;
  /** See `SealLine`; undefined: nothing came or went, so that one which was kept is as good. */
  readonly seal: string | undefined;
}

/** A copy, and what a site has that belongs there. */
export interface Copying extends PushRequest {
  readonly store: ObjectStore;
  /** What is below the prefix of the site. */
  readonly below: ObjectStore;
  readonly local: readonly LocalPoint[];
  readonly tags: readonly LocalTag[];
  readonly events: readonly LocalEvents[];
  readonly forms: CopyForms;
  /** What the run before has noted. */
  readonly before: SiteHead | undefined;
}
