/**
 * Adapter: reads one backup from its first byte to its last and believes nothing of it: names, modes, sizes and order are
 * checked before a byte goes anywhere, and everything is compared with the manifest at the end.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import {
  BACKUP_FORMAT,
  type BackupFile,
  type BackupManifest,
  backupManifestSchema,
  backupPathSchema,
  MAX_BACKUP_FILES,
  MAX_BACKUP_MANIFEST_BYTES,
} from '@hansa/protocols'
import { type Extract, extract, type Header } from 'tar-stream'
import { BackupError, invalid } from './errors.ts'
import { SEALED_MAGIC, UnsealError, unseal } from './sealed-stream.ts'
import { writeTo } from './streamx-write.ts'

export type ReadBackupInit = {
  path: string
  passphrase?: string | undefined
  /** Takes the content of each file, in the order of the archive. Nothing of it counts before `readBackup` has returned. */
  receive(path: string, mode: number, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** Bytes of the backup that were read so far. */
  onProgress?(bytes: number): void
}

/** What a node or a restore makes anew, and would believe to be its own: its sockets, its token, how far it has come. */
const NEVER_HELD = /^(?:\.lock|\.ready\.json|\.restoring|backups|control\.(?:sock|url|token))(?:\/|$)/

/** @throws BackupError `backup_invalid`, `backup_sealed`. */
export async function readBackup(init: ReadBackupInit): Promise<BackupManifest> {
  const { path } = init
  const bytes = await source(init)
  const archive = extract()
  const reading = readEntries(archive as AsyncIterable<ArchiveEntry>, init)
  // Whichever fails first ends the other one.
  reading.catch((error: Error) => archive.destroy(error))
  const feeding = feed(archive, bytes)
  feeding.catch((error: Error) => archive.destroy(error))
  const [read, fed] = await Promise.allSettled([reading, feeding])
  const failure = [fed, read].find((one) => one.status === 'rejected')?.reason as unknown
  if (failure instanceof UnsealError) throw sealed(path, `cannot be opened: ${failure.message}`)
  const own = [read, fed].find((one) => one.status === 'rejected' && one.reason instanceof BackupError)
  if (own?.status === 'rejected') throw own.reason
  if (failure !== undefined) throw invalid(path, messageOf(failure), { cause: failure })
  if (read.status === 'rejected') throw read.reason
  return read.value
}

/** Whether the file says that it is encrypted. @throws BackupError `backup_invalid` when it cannot be read. */
export async function isSealed(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw invalid(path, error.code === 'ENOENT' ? 'there is no such file' : error.message)
  })
  try {
    const start = Buffer.alloc(SEALED_MAGIC.length)
    await file.read(start, 0, start.length, 0)
    return start.toString('latin1') === SEALED_MAGIC
  } finally {
    await file.close()
  }
}

async function source({ path, passphrase, onProgress }: ReadBackupInit): Promise<AsyncIterable<Uint8Array>> {
  const encrypted = await isSealed(path)
  if (encrypted && passphrase === undefined)
    throw sealed(path, 'is encrypted: give its passphrase with --passphrase-file')
  const bytes = counted(createReadStream(path), onProgress)
  return encrypted && passphrase !== undefined ? unseal(passphrase, bytes) : bytes
}

async function* counted(bytes: AsyncIterable<Uint8Array>, onProgress: ReadBackupInit['onProgress']) {
  let read = 0
  for await (const chunk of bytes) {
    read += chunk.length
    onProgress?.(read)
    yield chunk
  }
}

type ArchiveEntry = AsyncIterable<Uint8Array> & { header: Header }

async function feed(archive: Extract, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of bytes) {
    if (archive.destroyed) return
    await writeTo(archive, chunk)
  }
  archive.end(undefined)
}

async function readEntries(
  archive: AsyncIterable<ArchiveEntry>,
  { path, receive }: ReadBackupInit,
): Promise<BackupManifest> {
  const seen = new Map<string, BackupFile>()
  let manifest: BackupManifest | undefined
  let begun = false
  for await (const entry of archive) {
    const { name, type, mode = 0, size = 0 } = entry.header
    if (manifest !== undefined) throw invalid(path, `${show(name)} follows the manifest`)
    if (type !== 'file') throw invalid(path, `${show(name)} is a ${type}, and a backup holds only files`)
    if (!begun) {
      begun = true
      const format = name === 'hansa-backup' ? (await text(entry, 64, path)).trim() : ''
      if (format !== BACKUP_FORMAT) throw invalid(path, unknownFormat(format))
    } else if (name === 'manifest.json') {
      manifest = parseManifest(await text(entry, MAX_BACKUP_MANIFEST_BYTES, path), path)
    } else {
      const inside = name.startsWith('home/') ? name.slice('home/'.length) : ''
      if (!backupPathSchema.safeParse(inside).success) throw invalid(path, `${show(name)} is no place in a home`)
      if (NEVER_HELD.test(inside)) throw invalid(path, `${show(name)} is nothing that a backup holds`)
      if (seen.has(inside)) throw invalid(path, `${show(name)} is there twice`)
      if (seen.size >= MAX_BACKUP_FILES) throw invalid(path, `it holds more than ${MAX_BACKUP_FILES} files`)
      const hash = createHash('sha256')
      await receive(inside, mode & 0o700, hashed(entry, hash))
      seen.set(inside, { path: inside, bytes: size, mode: mode & 0o777, sha256: hash.digest('base64url') })
    }
  }
  if (manifest === undefined) throw invalid(path, begun ? 'its end is missing' : 'it is something else')
  compare(path, manifest, seen)
  return manifest
}

async function* hashed(entry: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>) {
  for await (const bytes of entry) {
    hash.update(bytes)
    yield bytes
  }
}

function unknownFormat(format: string): string {
  return /^hansa-backup\/\d+$/.test(format)
    ? `it has the format ${format}, and this version reads ${BACKUP_FORMAT}. Use the version that made it, or a newer one`
    : 'it is something else'
}

/** Every file that the manifest lists, as it lists it, and no other. */
function compare(path: string, { files }: BackupManifest, seen: ReadonlyMap<string, BackupFile>): void {
  for (const file of files) {
    const found = seen.get(file.path)
    if (found === undefined) throw invalid(path, `${file.path} is missing`)
    const same = found.bytes === file.bytes && found.mode === file.mode && found.sha256 === file.sha256
    if (!same) throw invalid(path, `${file.path} is not what was backed up`)
  }
  const listed = new Set(files.map((file) => file.path))
  if (listed.size !== files.length) throw invalid(path, 'its manifest names a file twice')
  for (const name of seen.keys()) if (!listed.has(name)) throw invalid(path, `${name} is not in its manifest`)
}

function parseManifest(json: string, path: string): BackupManifest {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw invalid(path, 'its manifest is no JSON', { cause })
  }
  const manifest = backupManifestSchema.safeParse(value)
  if (manifest.success) return manifest.data
  const issue = manifest.error.issues[0]
  throw invalid(path, `its manifest is malformed: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

async function text(entry: AsyncIterable<Uint8Array>, maxBytes: number, path: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const bytes of entry) {
    size += bytes.length
    if (size > maxBytes) throw invalid(path, 'its manifest is too large')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function sealed(path: string, what: string): BackupError {
  return new BackupError({ code: 'backup_sealed', path }, `${path} ${what}.`)
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
