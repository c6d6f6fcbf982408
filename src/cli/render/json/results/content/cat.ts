import * as v from 'valibot';
import type { JsonValue } from '../../../../../operations/content/dump-object.ts';
import { Id, maybe, type Result, said } from '../../values.ts';

const Value = v.custom<JsonValue>(() => true);

export const catResult = {
  object: v.strictObject({
    oid: Id,
    tid: said('of the transaction that wrote it', Id),
    className: maybe('`module.name`', v.string()),
    state: said('its state', Value),
  }),
};
export type CatResult = Result<typeof catResult>;
