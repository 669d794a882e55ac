/** Reads records of a replica, without everything else of the mesh: for threads that do only this. */
export { type RecordReading, readRecord } from './read-record.ts'
export type { ClaimedRecord } from './record-reader.ts'
