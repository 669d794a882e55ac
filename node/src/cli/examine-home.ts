/** Adapter: what `hansa doctor` says of the files of a home. Nothing is changed. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readSecretFile } from '@hansa/trust'
import type { NodeConfig } from '../config/index.ts'
import { exists } from '../home/has-node.ts'
import { HOME_FORMAT, readFormat } from '../home/home-format.ts'
import { formatOnePaths, type HomePaths } from '../home/home-paths.ts'
import { sentenceOf } from '../start/errors.ts'
import { systemClock } from '../system-clock.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { counted, duration } from './table.ts'

/** Seconds after which a backup is called old. */
const OLD_BACKUP_SECONDS = 7 * 86_400

export async function homeChecks(paths: HomePaths): Promise<Check[]> {
  const format = await readFormat(paths.root).catch((error: unknown) => sentenceOf(error))
  const where = format === 1 ? { ...paths, ...formatOnePaths(paths.root) } : paths
  return [await homeCheck(paths), formatCheck(paths, format), ...(await keyChecks(where))]
}

async function homeCheck({ root }: HomePaths): Promise<Check> {
  const { mode, uid } = await stat(root)
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  if (process.getuid !== undefined && uid !== process.getuid())
    return fail('home', `${root} belongs to another account`, 'Run hansa as the account that made it.')
  if ((mode & 0o077) !== 0) return fail('home', `${root} can be entered by others (mode ${shown})`, `chmod 700 ${root}`)
  return ok('home', `${root}, mode ${shown}`)
}

function formatCheck({ root }: HomePaths, format: number | string): Check {
  if (typeof format === 'string') return fail('format', format, `Start the version that wrote ${root}, or a newer one.`)
  if (format === HOME_FORMAT) return ok('format', `hansa-home/${format}`)
  const detail = `hansa-home/${format}; the next start brings it to hansa-home/${HOME_FORMAT}, after a backup into backups/`
  return warn('format', detail, `hansa backup --home ${root}`)
}

async function keyChecks({ identity, logKey, secret, witnessKey }: HomePaths): Promise<Check[]> {
  const keys = [
    ['identity key', identity, 'ed25519'],
    ['log key', logKey, 'log-ed25519'],
    ['token secret', secret, 'token-root'],
    // Made by the first start of a node of before, and after a restore.
    ...((await exists(witnessKey)) ? [['witness key', witnessKey, 'witness-ed25519'] as const] : []),
  ] as const
  return Promise.all(
    keys.map(([name, path, kind]) =>
      readSecretFile(path, kind).then(
        () => ok(name, 'readable by its owner only'),
        (error: unknown) =>
          fail(name, sentenceOf(error), path === witnessKey ? witnessRemedy(path) : keyRemedy(error, path)),
      ),
    ),
  )
}

function witnessRemedy(path: string): string {
  return `Delete ${path}: the next start makes another key, which those need whose logs this node cosigns (hansa key show).`
}

function keyRemedy(error: unknown, path: string): string {
  const code = (error as { detail?: { code?: string } }).detail?.code
  if (code !== 'key_file_exposed') return `Restore ${path} from a backup.`
  return `chmod 600 ${path}; if others may have read it, make a new node: its key is no secret any more.`
}

/** Whoever can write a policy, or a module of the configuration, is the node. */
export async function writableCheck(paths: HomePaths, { policies, capabilities }: NodeConfig): Promise<Check> {
  const modules = capabilities.flatMap((one) => (one.kind === 'module' ? [one.path] : []))
  const files = [paths.config, ...policies, ...modules]
  const open: string[] = []
  for (const file of files) {
    const mode = (await stat(file).catch(() => undefined))?.mode
    if (mode !== undefined && (mode & 0o022) !== 0) open.push(file)
  }
  if (open.length === 0)
    return ok('permissions', `${counted(files.length, 'file')} of policy and code, written by the owner only`)
  return fail('permissions', `others can write ${open.join(', ')}`, `chmod go-w ${open.join(' ')}`)
}

type LastBackup = { created: number; path: string; entries: number }

/** The last one that `hansa backup` made of this home; copies that are made in other ways are not known. */
export async function backupCheck({ root, backups }: HomePaths): Promise<Check> {
  const remedy = `hansa backup --home ${root}`
  const last = await readFile(join(backups, 'last.json'), 'utf8').then(parseLast, () => undefined)
  if (last === undefined) return warn('backup', 'none was made yet', remedy)
  const age = Math.max(0, Math.floor(systemClock.now() / 1000) - last.created)
  const detail = `${duration(age)} old, ${counted(last.entries, 'entry', 'entries')} of the log, ${last.path}`
  return age > OLD_BACKUP_SECONDS ? warn('backup', detail, remedy) : ok('backup', detail)
}

function parseLast(text: string): LastBackup | undefined {
  try {
    const { created, path, entries } = JSON.parse(text) as Partial<LastBackup>
    const known = typeof created === 'number' && typeof path === 'string' && typeof entries === 'number'
    return known ? { created, path, entries } : undefined
  } catch {
    return undefined
  }
}
