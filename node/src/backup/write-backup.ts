/** Adapter: writes one backup, streamed: memory does not grow with the home. The file appears under its name when it is whole. */
import { createHash } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BACKUP_FORMAT, type BackupFile, type BackupManifest, type Did } from '@hansa/protocols'
import { syncDirectory } from '@hansa/trust'
import { type Pack, pack } from 'tar-stream'
import { BackupError, failed } from './errors.ts'
import type { HomeFile } from './home-files.ts'
import { seal } from './sealed-stream.ts'
import { writeTo } from './streamx-write.ts'

export type WriteBackupInit = {
  path: string
  files: readonly HomeFile[]
  about: Pick<BackupManifest, 'created' | 'home' | 'log' | 'skipped'> & { did: Did }
  passphrase?: string | undefined
  /** Bytes of files that were read so far. */
  onProgress?(bytes: number): void
}

/** @throws BackupError `backup_exists`, `backup_failed`. */
export async function writeBackup(init: WriteBackupInit): Promise<BackupManifest> {
  const { path, passphrase } = init
  const temporary = `${path}.part`
  const file = await open(temporary, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? exists(temporary) : failed(path, `cannot be written: ${error.message}`)
  })
  try {
    await file.chmod(0o600)
    const archive = pack()
    const filling = fill(archive, init)
    // Its failure ends the archive, and so the loop; it is thrown when that has ended.
    filling.catch((error: Error) => archive.destroy(error))
    const bytes = archive as AsyncIterable<Uint8Array>
    for await (const chunk of passphrase === undefined ? bytes : seal(passphrase, bytes)) await file.writeFile(chunk)
    const manifest = await filling
    await file.sync()
    await appear(temporary, path)
    return manifest
  } finally {
    await file.close()
    await rm(temporary, { force: true })
  }
}

/** Unlike a rename, a link never takes the place of something. */
async function appear(temporary: string, path: string): Promise<void> {
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? exists(path) : error
  })
  await syncDirectory(dirname(path))
}

function exists(path: string): BackupError {
  const message = `${path} is there already and is not written over. Choose another name, or remove it.`
  return new BackupError({ code: 'backup_exists', path }, message)
}

async function fill(archive: Pack, { files, about, onProgress }: WriteBackupInit): Promise<BackupManifest> {
  await put(archive, 'hansa-backup', Buffer.from(`${BACKUP_FORMAT}\n`))
  const listed: BackupFile[] = []
  let read = 0
  for (const file of files) {
    const sha256 = await copy(archive, file, (bytes) => {
      read += bytes
      onProgress?.(read)
    })
    listed.push({ path: file.path, bytes: file.bytes, mode: file.mode, sha256 })
  }
  const manifest: BackupManifest = { format: BACKUP_FORMAT, ...about, files: listed }
  await put(archive, 'manifest.json', Buffer.from(`${JSON.stringify(manifest)}\n`))
  archive.finalize()
  return manifest
}

function put(archive: Pack, name: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ name, mode: 0o600 }, bytes, (error) => (error ? reject(error) : resolve()))
  })
}

async function copy(archive: Pack, file: HomeFile, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256')
  let copied = 0
  const ended = Promise.withResolvers<void>()
  const header = { name: `home/${file.path}`, size: file.bytes, mode: file.mode }
  const entry = archive.entry(header, (error) => (error ? ended.reject(error) : ended.resolve()))
  // Looked at in the end only; until then a failure of the source is what counts.
  ended.promise.catch(() => {})
  for await (const bytes of file.read()) {
    hash.update(bytes)
    copied += bytes.length
    onBytes(bytes.length)
    await writeTo(entry, bytes)
  }
  if (copied !== file.bytes) throw failed(file.path, 'became shorter while it was read; try again')
  entry.end(undefined)
  await ended.promise
  return hash.digest('base64url')
}
