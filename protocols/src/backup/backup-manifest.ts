/**
 * The last file of a backup, `manifest.json`: what else is in it. A backup is a tar archive; every file of the home is
 * under `home/`, and `manifest.json` comes when all of them have been written, so one pass writes it and one reads it.
 */
import { z } from 'zod'
import { checkpointReferenceSchema } from '../exchange/checkpoint-reference.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const BACKUP_FORMAT = 'hansa-backup/1'

/** Files in one backup, and bytes of its manifest. */
export const MAX_BACKUP_FILES = 100_000
export const MAX_BACKUP_MANIFEST_BYTES = 67_108_864

/** Relative, `/` between names, no `.` or `..`: what can only lead into the directory that is restored. */
export const backupPathSchema = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^(?!\.{1,2}(?:\/|$))[^/\\\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\\\0]+)*$/, 'not a path inside a home')

export const backupFileSchema = z.strictObject({
  path: backupPathSchema,
  bytes: z.int().min(0),
  mode: z.int().min(0).max(0o700).describe('Rights of the owner; others have none'),
  sha256: hashSchema,
})
export type BackupFile = z.infer<typeof backupFileSchema>

export const backupManifestSchema = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  created: unixSecondsSchema,
  did: didSchema.describe('The kernel whose home it is'),
  home: z.int().min(1).describe('Format of the home'),
  log: z
    .strictObject({ checkpoint: checkpointReferenceSchema, vkey: z.string().max(512) })
    .nullable()
    .describe('Where the log ends in the backup; null when the node has not run yet'),
  files: z.array(backupFileSchema).max(MAX_BACKUP_FILES),
  skipped: z.array(z.string().max(1024)).max(1000).describe('Links and sockets, which a backup does not hold'),
})
export type BackupManifest = z.infer<typeof backupManifestSchema>
