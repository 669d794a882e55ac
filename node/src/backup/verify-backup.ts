/**
 * Checks a backup completely, and keeps nothing of it. The logs are unpacked into a directory of their own, because they
 * are verified as logs; keys and configuration never reach the disk.
 */
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { BackupManifest } from '@hansa/protocols'
import { parseSecret, signerFromSeed } from '@hansa/trust'
import { noteKey } from '@hansa/trust/ledger'
import { formatOnePaths, homePaths } from '../home/home-paths.ts'
import { checkLog } from './check-log.ts'
import { invalid } from './errors.ts'
import { readBackup } from './read-backup.ts'

export type VerifyBackupInit = { file: string; passphrase?: string | undefined; onProgress?(bytes: number): void }

/** Longest text of a key that is looked at, bytes. */
const MAX_KEY_BYTES = 256

/** @throws BackupError `backup_invalid`, `backup_sealed`. */
export async function verifyBackup({ file, passphrase, onProgress }: VerifyBackupInit): Promise<BackupManifest> {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-backup-'))
  const keys = new Map<string, string>()
  try {
    const manifest = await readBackup({
      path: file,
      passphrase,
      ...(onProgress === undefined ? {} : { onProgress }),
      receive: (path, _mode, bytes) =>
        path.startsWith('log/') ? write(join(directory, path), bytes) : keepKey(keys, path, bytes),
    })
    checkKeys(file, manifest, keys)
    if (manifest.log !== null) await checkLog(file, join(directory, 'log'), manifest.log)
    return manifest
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function write(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of bytes) await handle.writeFile(chunk)
  } finally {
    await handle.close()
  }
}

async function keepKey(keys: Map<string, string>, path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let text = ''
  for await (const chunk of bytes) if (text.length <= MAX_KEY_BYTES) text += Buffer.from(chunk).toString('latin1')
  if (/\.(?:key|secret)$/.test(path) && text.length <= MAX_KEY_BYTES) keys.set(path, text)
}

/** The three secrets are there, and are those of the kernel and of the log that the manifest names. */
function checkKeys(file: string, { did, home, log }: BackupManifest, keys: ReadonlyMap<string, string>): void {
  const { identity, logKey, secret } = home === 1 ? formatOnePaths('') : homePaths('')
  const read = (path: string, kind: Parameters<typeof parseSecret>[1]) => {
    const found = parseSecret(keys.get(path) ?? '', kind)
    if (found === undefined) throw invalid(file, `${path} is missing or malformed`)
    return found
  }
  read(secret, 'token-root')
  const seed = read(logKey, 'log-ed25519')
  if (signerFromSeed(read(identity, 'ed25519')).did !== did) throw invalid(file, `its identity is not that of ${did}`)
  if (log !== null && noteKey(log.checkpoint.origin, seed).vkey !== log.vkey)
    throw invalid(file, 'its log was signed by another key than it holds')
}
