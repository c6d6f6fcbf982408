import * as v from 'valibot';
import { type Result, said } from '../values.ts';

export const reportResult = { path: said('of the page', v.string()) };
export type ReportResult = Result<typeof reportResult>;
