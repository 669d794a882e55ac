import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BACKUP_FORMAT } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { readKeyFile } from '@hansa/trust'
import { fileLogDisk, verifyHistory } from '@hansa/trust/ledger'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKernel } from '../create-kernel.ts'
import { createHome, openHome } from '../home/home.ts'
import { formatOnePaths, homePaths } from '../home/home-paths.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { systemClock } from '../system-clock.ts'
import { backUpHome } from './back-up-home.ts'
import { restoreHome } from './restore-home.ts'
import { verifyBackup } from './verify-backup.ts'

let directory: string
let home: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-backup-test-'))
  home = join(directory, 'home')
  file = join(directory, 'node.hansa-backup')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const PASSPHRASE = 'correct horse battery staple'
const policy = [{ name: 'p', text: 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }]' }]

/** A kernel of a home, with one capability that counts. */
async function kernelOf(directory: string): Promise<AssembledKernel & { acted: number }> {
  const kernel = await createKernel({ directory, policy, logReserveBytes: 0 })
  const counting = Object.assign(kernel, { acted: 0 })
  await kernel.register({ id: 'add', safety: 'WRITE' }, () => `acted ${++counting.acted}`)
  return counting
}

async function usedHome(): Promise<void> {
  await createHome(home)
  await mkdir(join(home, 'policies'))
  await writeFile(join(home, 'policies/one.yaml'), 'rules: []\n', { mode: 0o644 })
  await writeFile(join(home, 'hansa.yaml'), 'name: used\n', { mode: 0o600 })
  await using kernel = await kernelOf(home)
  await kernel.invoke('add', {}, { idempotencyKey: 'known' })
}

const backUp = (over = {}) => backUpHome({ home, path: file, nowMs: systemClock.now(), ...over })
const restore = (to = join(directory, 'restored'), over = {}) =>
  restoreHome({ file, home: to, reason: 'restored', clock: systemClock, ...over })
const names = async (path: string) => (await readdir(path, { recursive: true })).sort()
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

describe('a backup', () => {
  it('is whole, readable by its owner only, and holds every file of the home but its backups and sockets', async () => {
    await usedHome()
    await mkdir(join(home, 'backups'))
    await writeFile(join(home, 'backups/old'), 'x')
    await symlink('/etc/passwd', join(home, 'link'))
    const { manifest, running } = await backUp()
    expect([running, await modeOf(file)]).toEqual([false, 0o600])
    expect(manifest.files.map(({ path }) => path).filter((path) => !path.startsWith('log/'))).toEqual([
      'format',
      'hansa.yaml',
      'keys/identity.key',
      'keys/log.key',
      'keys/token.secret',
      'policies/one.yaml',
      'state.db',
    ])
    expect(manifest.skipped).toEqual(['link'])
    expect(await verifyBackup({ file })).toEqual(manifest)
    expect(await readdir(join(home, 'backups'))).toEqual(['old'])
  })

  it('of a running node holds what was answered before it was asked for, and the node goes on', async () => {
    await createHome(home)
    await using kernel = await kernelOf(home)
    const frame = await kernel.invoke('add', {})
    const { manifest, running } = await backUp({ askNode: async () => (await kernel.snapshotState()).path })
    expect(running).toBe(true)
    expect(manifest.log?.checkpoint.size).toBeGreaterThan(frame.audit.index)
    expect(await verifyBackup({ file })).toEqual(manifest)
    await kernel.invoke('add', {})
    expect((await readdir(join(home, 'backups'))).length).toBe(0)
  })

  it('of a node that holds its log and does not answer is not made', async () => {
    await createHome(home)
    await using _kernel = await kernelOf(home)
    await expect(backUp()).rejects.toMatchObject({ detail: { code: 'backup_failed' } })
  })

  it('never takes the place of a file', async () => {
    await usedHome()
    await writeFile(file, 'precious')
    await expect(backUp()).rejects.toMatchObject({ detail: { code: 'backup_exists' } })
    expect([await readFile(file, 'utf8'), await readdir(directory)]).toEqual([
      'precious',
      ['home', 'node.hansa-backup'],
    ])
  })

  it('under a passphrase opens with it only', async () => {
    await usedHome()
    const { manifest } = await backUp({ passphrase: PASSPHRASE })
    expect((await readFile(file)).includes('hansa-secret')).toBe(false)
    expect(await verifyBackup({ file, passphrase: PASSPHRASE })).toEqual(manifest)
    for (const passphrase of [undefined, 'another passphrase']) {
      await expect(verifyBackup({ file, passphrase })).rejects.toMatchObject({ detail: { code: 'backup_sealed' } })
    }
  })

  it.each([0.001, 0.3, 0.7, 0.9])('cut to %f of its length is refused', async (part) => {
    await usedHome()
    await backUp()
    const bytes = await readFile(file)
    await writeFile(file, bytes.subarray(0, Math.floor(bytes.length * part)))
    await expect(verifyBackup({ file })).rejects.toMatchObject({ detail: { code: 'backup_invalid' } })
    await expect(restore()).rejects.toMatchObject({ detail: { code: 'backup_invalid' } })
    expect(await names(join(directory, 'restored'))).toEqual([])
  })

  it('with a byte of a file changed is refused, and nothing of it is restored', async () => {
    await usedHome()
    await backUp()
    const bytes = await readFile(file)
    for (const text of ['name: used', 'hansa-secret/1 token-root', 'log.opened']) {
      const changed = Buffer.from(bytes)
      const at = changed.indexOf(text)
      changed[at + text.length - 1] = (changed[at + text.length - 1] ?? 0) ^ 1
      await writeFile(file, changed)
      await expect(verifyBackup({ file }), text).rejects.toMatchObject({ detail: { code: 'backup_invalid' } })
      await expect(restore(), text).rejects.toMatchObject({ detail: { code: 'backup_invalid' } })
    }
    expect(await names(join(directory, 'restored'))).toEqual([])
  })
})

describe('an archive of mallory', () => {
  type Header = Parameters<ReturnType<typeof pack>['entry']>[0]

  async function forge(entries: { header: Header; content?: string }[], listed: object[] = []): Promise<void> {
    const archive = pack()
    archive.entry({ name: 'hansa-backup' }, `${BACKUP_FORMAT}\n`)
    for (const { header, content = '' } of entries) archive.entry(header, content)
    const did = 'did:key:z6MkiAL4koQZr38a9minArB8L8DYvmS7p6QPJYRthNcVdLxG'
    const manifest = { format: BACKUP_FORMAT, created: 1, did, home: 2, log: null, files: listed, skipped: [] }
    archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest))
    archive.finalize()
    const chunks: Uint8Array[] = []
    for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk)
    await writeFile(file, Buffer.concat(chunks))
  }

  const listed = (path: string, content: string) => ({
    path,
    bytes: content.length,
    mode: 0o600,
    sha256: createHash('sha256').update(content).digest('base64url'),
  })

  it.each([
    ['a path upwards', [{ header: { name: 'home/../../outside' }, content: 'x' }], 'is no place in a home'],
    ['a path upwards in the middle', [{ header: { name: 'home/keys/../../../outside' } }], 'is no place in a home'],
    ['an absolute path', [{ header: { name: '/etc/cron.d/x' } }], 'is no place in a home'],
    ['a file beside the home', [{ header: { name: 'outside' } }], 'is no place in a home'],
    ['a backslash', [{ header: { name: 'home/..\\outside' } }], 'is no place in a home'],
    ['a symbolic link', [{ header: { name: 'home/keys', type: 'symlink' as const, linkname: '/tmp' } }], 'only files'],
    ['a hard link', [{ header: { name: 'home/x', type: 'link' as const, linkname: '/etc/passwd' } }], 'only files'],
    ['a device', [{ header: { name: 'home/x', type: 'character-device' as const } }], 'only files'],
    ['a control token that mallory knows', [{ header: { name: 'home/control.token' } }], 'nothing that a backup holds'],
    ['the word that all was checked', [{ header: { name: 'home/.ready.json' } }], 'nothing that a backup holds'],
    ['a file twice', [{ header: { name: 'home/a' } }, { header: { name: 'home/a' } }], 'is there twice'],
    ['a file that its manifest conceals', [{ header: { name: 'home/a' } }], 'is not in its manifest'],
  ])('with %s is refused, and leaves nothing anywhere', async (_what, entries, reason) => {
    await forge(entries)
    const before = await names(directory)
    await expect(verifyBackup({ file })).rejects.toThrow(reason)
    await expect(restore()).rejects.toThrow(reason)
    expect(await names(directory)).toEqual([...before, 'restored'].sort())
  })

  it('that lacks what its manifest lists is refused', async () => {
    await forge([], [listed('format', 'hansa-home/2\n')])
    await expect(restore()).rejects.toThrow('format is missing')
  })

  it('that lets others read a key is refused', async () => {
    await forge([{ header: { name: 'home/a', mode: 0o666 }, content: 'x' }], [listed('a', 'x')])
    await expect(restore()).rejects.toThrow('a is not what was backed up')
  })
})

describe('a restored home', () => {
  it('is the same kernel with a log that follows the frozen one, and both verify', async () => {
    await usedHome()
    const { manifest } = await backUp()
    const to = join(directory, 'restored')
    const restored = await restore(to)
    expect((await stat(join(to, 'policy.d'))).isDirectory()).toBe(true)
    expect(restored).toMatchObject({ did: manifest.did, frozen: manifest.log?.checkpoint })
    expect(restored.log.origin).toBe(`${manifest.did}/log/2`)
    expect((await readKeyFile(homePaths(to).identity)).did).toBe(manifest.did)
    {
      await using kernel = await kernelOf(to)
      const { manifest: advertised } = await kernel.advertise()
      const logs = advertised.logs.map(({ origin }) => origin)
      expect(logs).toEqual([`${manifest.did}/log/2`, `${manifest.did}/log/1`])
    }
    const frozen = [{ disk: fileLogDisk(join(to, 'log/frozen/1')) }]
    const report = await verifyHistory(fileLogDisk(join(to, 'log')), { vkey: restored.log.vkey, frozen })
    expect(report).toMatchObject({ verdict: 'clean', frozen: [{ verdict: 'clean' }] })
  })

  it('is nobody else’s to look into, whatever the modes were', async () => {
    await usedHome()
    await backUp()
    const to = join(directory, 'restored')
    await restore(to)
    for (const name of await names(to)) expect((await modeOf(join(to, name))) & 0o077, name).toBe(0)
    expect(await names(to)).not.toContain('.restoring')
  })

  it('has another log key than the backup, so that the frozen log cannot go on', async () => {
    await usedHome()
    const before = await readFile(homePaths(home).logKey, 'utf8')
    await backUp()
    await restore()
    expect(await readFile(homePaths(join(directory, 'restored')).logKey, 'utf8')).not.toBe(before)
  })

  it('is another witness than before: it must not vouch for less than it has vouched for since', async () => {
    await usedHome()
    await backUp()
    const before = await readFile(homePaths(home).witnessKey, 'utf8')
    const restored = await restore()
    await expect(stat(homePaths(restored.home).witnessKey)).rejects.toThrow('ENOENT')
    await using kernel = await kernelOf(restored.home)
    const { ext } = (await kernel.advertise()).manifest
    expect(ext).toMatchObject({ witness: { vkey: expect.stringContaining(`${restored.did}/witness+`) } })
    expect(await readFile(homePaths(restored.home).witnessKey, 'utf8')).not.toBe(before)
  })

  it('can be backed up and restored again, and all three logs are one history', async () => {
    await usedHome()
    await backUp()
    const second = join(directory, 'second')
    await restore(second)
    await using(await kernelOf(second), (kernel) => kernel.invoke('add', {}))
    await rm(file)
    await backUpHome({ home: second, path: file, nowMs: systemClock.now() })
    const third = join(directory, 'third')
    const { log, did } = await restore(third)
    expect(log.origin).toBe(`${did}/log/3`)
    await using(await kernelOf(third), (kernel) => kernel.invoke('add', {}))
    const frozen = [2, 1].map((number) => ({ disk: fileLogDisk(join(third, `log/frozen/${number}`)) }))
    const report = await verifyHistory(fileLogDisk(join(third, 'log')), { vkey: log.vkey, frozen })
    expect([report.verdict, report.frozen?.length]).toEqual(['clean', 2])
  })

  it('of a node that had not run yet begins log 2: the node may have begun log 1 since', async () => {
    await createHome(home)
    await backUp()
    const { did, log, frozen } = await restore()
    expect([log.origin, frozen]).toEqual([`${did}/log/2`, undefined])
    await using kernel = await kernelOf(join(directory, 'restored'))
    expect(kernel.ledger.origin).toBe(`${did}/log/2`)
  })

  it('does not repeat a call that the backup knows, and answers it with what it gave', async () => {
    await usedHome()
    await backUp()
    await restore()
    await using kernel = await kernelOf(join(directory, 'restored'))
    const frame = await kernel.invoke('add', {}, { idempotencyKey: 'known' })
    expect([frame.value, kernel.acted]).toEqual(['acted 1', 0])
  })

  it('does not act on a key that the backup does not know, for a day: it may have acted before', async () => {
    await usedHome()
    await backUp()
    await using(await kernelOf(home), (kernel) => kernel.invoke('add', {}, { idempotencyKey: 'after the backup' }))
    await restore()
    await using kernel = await kernelOf(join(directory, 'restored'))
    const call = kernel.invoke('add', {}, { idempotencyKey: 'after the backup' })
    await expect(call).rejects.toMatchObject({ detail: { code: 'outcome_unknown' } })
    expect(kernel.acted).toBe(0)
    await kernel.invoke('add', {})
    expect(kernel.acted).toBe(1)
  })

  it('acts on such a key when the operator says that nothing was lost', async () => {
    await usedHome()
    await backUp()
    await restore(join(directory, 'restored'), { reason: 'moved' })
    await using kernel = await kernelOf(join(directory, 'restored'))
    await kernel.invoke('add', {}, { idempotencyKey: 'new' })
    expect(kernel.acted).toBe(1)
  })

  it('takes no token of before, and the old node none of the restored one', async () => {
    await createHome(home)
    const kernel = await kernelOf(home)
    const { token } = await kernel.grant({ principal: 'agent:a', capability: 'add', uses: 5 })
    await kernel[Symbol.asyncDispose]()
    await backUp()
    await restore()
    await using again = await kernelOf(join(directory, 'restored'))
    const refused = again.invoke('add', {}, { token, principal: 'agent:a' })
    await expect(refused).rejects.toMatchObject({ detail: { code: 'token_rejected' } })
    const fresh = await again.grant({ principal: 'agent:a', capability: 'add', uses: 1 })
    await again.invoke('add', {}, { token: fresh.token, principal: 'agent:a' })
    expect(again.acted).toBe(1)
  })

  it('refuses to start when a frozen log is gone or was changed', async () => {
    await usedHome()
    await backUp()
    const to = join(directory, 'restored')
    await restore(to)
    const frozen = join(to, 'log/frozen/1')
    const entries = join(frozen, 'entries-0000000000000000.hkl')
    const bytes = await readFile(entries)
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1
    await writeFile(entries, bytes)
    await expect(kernelOf(to)).rejects.toMatchObject({ detail: { code: expect.stringMatching(/^log_/) } })
    await rename(frozen, join(directory, 'away'))
    await expect(kernelOf(to)).rejects.toMatchObject({ detail: { code: 'home_logs' } })
  })

  it('is not made where something is, nor with a number that the log had', async () => {
    await usedHome()
    await backUp()
    await expect(restore(home)).rejects.toMatchObject({ detail: { code: 'home_exists' } })
    await expect(restore(undefined, { number: 1 })).rejects.toMatchObject({ detail: { code: 'home_logs' } })
    const { did, log } = await restore(undefined, { number: 7 })
    expect(log.origin).toBe(`${did}/log/7`)
  })

  it('of format 1 has the format of today', async () => {
    await usedHome()
    const [now, then] = [homePaths(home), formatOnePaths(home)]
    for (const key of ['identity', 'logKey', 'secret'] as const) await rename(now[key], then[key])
    await rm(now.keys, { recursive: true })
    await writeFile(now.format, 'hansa-home/1\n')
    const { manifest } = await backUp()
    expect((await verifyBackup({ file })).home).toBe(1)
    await restore()
    expect((await openHome(join(directory, 'restored'))).keys.signer.did).toBe(manifest.did)
  })
})

describe('a restore that was interrupted', () => {
  it('before everything was checked begins again', async () => {
    await usedHome()
    await backUp()
    const to = join(directory, 'restored')
    await mkdir(join(to, '.restoring/keys'), { recursive: true })
    await writeFile(join(to, '.restoring/keys/identity.key'), 'half')
    const { did } = await restore(to)
    expect((await openHome(to)).keys.signer.did).toBe(did)
  })

  it('while things were moved to their place goes on, also without the backup', async () => {
    await usedHome()
    await backUp()
    const to = join(directory, 'restored')
    const { did, log } = await restore(to)
    // As it was after the first of the renames.
    await mkdir(join(to, '.restoring'))
    for (const name of ['keys', 'log', 'state.db']) await rename(join(to, name), join(to, '.restoring', name))
    await writeFile(join(to, '.restoring/.ready.json'), JSON.stringify({ did, created: 1, log, skipped: [] }))
    await expect(openHome(to)).rejects.toMatchObject({ detail: { code: 'home_missing' } })
    await rm(file)
    expect(await restore(to)).toMatchObject({ did, log })
    await using kernel = await kernelOf(to)
    expect(kernel.ledger.origin).toBe(log.origin)
  })
})

it('doubt ends after a day', async () => {
  const { RestoreDoubt } = await import('../kernel/restore-doubt.ts')
  const clock = manualClock()
  const doubt = new RestoreDoubt()
  const entry = { v: 1 as const, origin: 'x/log/2', seq: 0, t_ms: clock.now(), prev: 'A'.repeat(43) }
  doubt.replay({ ...entry, type: 'log.opened', ext: { reason: 'restored' } })
  expect([
    doubt.holds(clock.now()),
    doubt.holds(clock.now() + 86_399_999),
    doubt.holds(clock.now() + 86_400_000),
  ]).toEqual([true, true, false])
})

async function using(kernel: AssembledKernel, work: (kernel: AssembledKernel) => Promise<unknown>): Promise<void> {
  await using held = kernel
  await work(held)
}
