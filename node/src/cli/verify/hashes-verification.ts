/** Adapter: tiles of hashes without entries on the command line, as `hansa audit tiles --hashes-only` writes them. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKPOINT_PATH, fileTileStore, type LogReport, type TlogPolicy, verifyHashes } from '@hansa/trust/ledger'
import { usage } from '../errors.ts'
import { keyOfOrigin, type LogKeys } from '../verify-keys.ts'
import { keptCheckpoint } from '../verify-sources.ts'

/** Whether a directory holds tiles, and none of entries. */
export async function isHashesOnly(directory: string): Promise<boolean> {
  const tiled = await stat(join(directory, 'tile')).catch(() => undefined)
  if (tiled?.isDirectory() !== true) return false
  const entries = await stat(join(directory, 'tile', 'entries')).catch(() => undefined)
  return entries === undefined
}

export async function verifyHashesIn(
  directory: string,
  {
    keys,
    witnesses,
    checkpoints,
  }: { keys: LogKeys; witnesses: TlogPolicy | undefined; checkpoints: readonly string[] },
): Promise<LogReport> {
  const files = fileTileStore(directory)
  const note = await files.read(CHECKPOINT_PATH)
  const origin =
    Buffer.from(note ?? [])
      .toString('utf8')
      .split('\n', 1)[0] ?? ''
  const vkey = keyOfOrigin(origin, keys, directory)
  const [path, more] = checkpoints
  if (more !== undefined) throw usage('Give one --checkpoint for tiles of hashes: the latest that you kept.')
  const kept = path === undefined ? undefined : await keptCheckpoint(path, vkey)
  if (kept !== undefined && kept.origin !== origin)
    throw usage(`${path} is a checkpoint of ${kept.origin}, not of ${origin}.`)
  return verifyHashes(files, {
    ...(vkey === undefined ? {} : { vkey }),
    ...(kept === undefined ? {} : { remembered: kept }),
    ...(witnesses === undefined ? {} : { witnesses }),
  })
}
