import { entryOf, itemsOf, textOf, type Value } from '../filestorage/pickle/values/value.ts';
import { formatTidTime } from '../filestorage/tid.ts';
import type { State } from '../states/state.ts';
import { attributeOf, dictFrom, itemsFrom } from './attributes.ts';
import { pythonDate } from './python-date.ts';
import type { StoredObject } from './stored-object.ts';

/** What the record of an object alone says of it. What isn't there is undefined. */
export interface ObjectSummary {
  readonly className: string | undefined;
  /** Its `portal_type`, of content of Plone or CMF. */
  readonly portalType: string | undefined;
  readonly title: string | undefined;
  /** ISO 8601, by the object itself. */
  readonly created: string | undefined;
  readonly modified: string | undefined;
  /** When its record was written, ISO 8601, UTC: the transaction. */
  readonly written: string;
  readonly sizeBytes: number;
}

export function summaryOf(object: StoredObject): ObjectSummary {
  return {
    className: object.className,
    portalType: textOf(attributeOf(object, 'portal_type')),
    title: textOf(attributeOf(object, 'title')),
    created: pythonDate(attributeOf(object, 'creation_date')),
    modified: pythonDate(attributeOf(object, 'modification_date')),
    written: formatTidTime(object.tid),
    sizeBytes: object.pickles.length,
  };
}

/** The state that a workflow says that an object is in. */
export interface WorkflowState {
  readonly workflow: string;
  readonly state: string;
}

/** What stands in other records, too. */
export interface ObjectDescription extends ObjectSummary {
  readonly description: string | undefined;
  readonly creators: readonly string[];
  readonly workflowStates: readonly WorkflowState[];
  /** The number by which a catalog knows it: of Dexterity, or of Archetypes. */
  readonly uid: string | undefined;
}

/** Failure `damaged`. */
export async function describeObject(
  state: State,
  object: StoredObject,
): Promise<ObjectDescription> {
  return {
    ...summaryOf(object),
    description: textOf(attributeOf(object, 'description')),
    creators: await creatorsOf(state, object),
    workflowStates: await workflowStatesOf(state, object),
    uid: uidOf(object),
  };
}

/** Dexterity keeps it as `_plone.uuid`, Archetypes as `_at_uid`. */
export function uidOf(object: StoredObject): string | undefined {
  return textOf(attributeOf(object, '_plone.uuid')) ?? textOf(attributeOf(object, '_at_uid'));
}

/** Archetypes keeps them with other metadata in `_md`; what has no creators has an owner. */
async function creatorsOf(state: State, object: StoredObject): Promise<readonly string[]> {
  const metadata = await dictFrom(state, attributeOf(object, '_md'));
  for (const value of [attributeOf(object, 'creators'), entryOf(metadata, 'creators')]) {
    const names = textsIn(await itemsFrom(state, value));
    if (names.length > 0) return names;
  }
  const [, owner] = itemsOf(attributeOf(object, '_owner'));
  return textsIn([owner ?? null]);
}

/** The last entry of the history that each workflow keeps. */
async function workflowStatesOf(
  state: State,
  object: StoredObject,
): Promise<readonly WorkflowState[]> {
  const history = await dictFrom(state, attributeOf(object, 'workflow_history'));
  const states: WorkflowState[] = [];
  for (const [key, value] of history?.entries ?? []) {
    const workflow = textOf(key);
    const last = (await itemsFrom(state, value)).at(-1);
    const current = textOf(entryOf(last, 'review_state')) ?? textOf(entryOf(last, 'state'));
    if (workflow !== undefined && current !== undefined) states.push({ workflow, state: current });
  }
  return states;
}

function textsIn(values: readonly Value[]): readonly string[] {
  return values.flatMap((value) => textOf(value) ?? []);
}
