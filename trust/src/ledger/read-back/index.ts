/**
 * What a thread needs that only reads a log back: without contracts and schemas, which take a second of a processor to
 * load, and twenty megabytes.
 */
export { LedgerError, type LedgerErrorDetail } from '../errors.ts'
export { fileLogDisk } from '../file-log-disk.ts'
export { type AppendedStretch, type GrownTree, type ReadBack, readBack } from '../read-back.ts'
