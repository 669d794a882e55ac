/** Adapter: the file in which an export of events notes how far it has come. */
import { readFile } from 'node:fs/promises'
import { parseStrictJson } from '@hansa/trust'
import { z } from 'zod'
import { replaceFile } from '../home/replace-file.ts'
import { AuditError } from './errors.ts'
import type { LogCursor } from './signed-entries.ts'

const cursorSchema = z.strictObject({ v: z.literal(1), origin: z.string().min(1).max(512), next: z.int().min(0) })

/** @returns undefined when there is no such file yet. @throws AuditError `cursor_malformed` */
export async function readCursor(file: string): Promise<LogCursor | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  const reading = parseStrictJson(bytes, 'object')
  const cursor = cursorSchema.safeParse(reading.ok ? reading.value : undefined)
  if (cursor.success) return { origin: cursor.data.origin, next: cursor.data.next }
  throw new AuditError(
    { code: 'cursor_malformed', path: file },
    `${file} is not a cursor of hansa audit events. Name another file, or remove it to begin anew.`,
  )
}

/** Replaces the file as a whole; it survives a loss of power once this resolves. */
export async function writeCursor(file: string, { origin, next }: LogCursor): Promise<void> {
  await replaceFile(file, `${JSON.stringify({ v: 1, origin, next })}\n`)
}
