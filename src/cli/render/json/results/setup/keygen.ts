import * as v from 'valibot';
import { type Result, said } from '../../values.ts';

export const keygenResult = {
  path: said('of the file with the secret key', v.string()),
  recipient: said('the public key', v.string()),
};
export type KeygenResult = Result<typeof keygenResult>;
