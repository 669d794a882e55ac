import { z } from 'zod'

/** Unix time in whole seconds: the unit of time in every signed object (wire.md). */
export type UnixSeconds = number
export const unixSecondsSchema = z.int().min(0).max(253_402_300_799).describe('Unix time, seconds')

/** Unix time in milliseconds: only in ledger entries and in process. */
export type UnixMs = number
export const unixMsSchema = z.int().min(0).max(253_402_300_799_999).describe('Unix time, milliseconds')
