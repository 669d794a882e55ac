/** Kept content in a home: what of it is in which file, what mallory can do who writes there, and what erasing leaves. */
import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeptPart } from '@hansa/protocols'
import { openDatabase } from '@hansa/storage'
import { contentHash } from '@hansa/trust'
import { fileLogDisk, verifyLog } from '@hansa/trust/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backUpHome } from '../backup/back-up-home.ts'
import { restoreHome } from '../backup/restore-home.ts'
import { verifyBackup } from '../backup/verify-backup.ts'
import { createKernel } from '../create-kernel.ts'
import { homePaths } from '../home/home-paths.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { systemClock } from '../system-clock.ts'
import { DEFAULT_CONTENT } from './content-settings.ts'

const policy = [{ name: 'p', text: 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }]' }]
const MARK = 'a-mark-that-nothing-else-has'
const by = 'person:olga'
const reason = 'the person asked'

let directory: string
let home: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-content-'))
  home = join(directory, 'home')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function kernelOf(at = home, keep: 'all' | 'none' = 'all'): Promise<AssembledKernel> {
  const content = { ...DEFAULT_CONTENT, keep }
  const kernel = await createKernel({ directory: at, policy, content, logReserveBytes: 0 })
  await kernel.register({ id: 'echo', safety: 'WRITE', limits: { calls_per_minute: 1_000 } }, (args) =>
    JSON.stringify(args),
  )
  return kernel
}

const call = async (kernel: AssembledKernel, args: unknown = { text: MARK }, options = {}) =>
  (await kernel.invoke('echo', args, options)).callId

async function parts(kernel: AssembledKernel, callId: string): Promise<Record<KeptPart['kind'], KeptPart>> {
  const { parts } = await kernel.content(callId)
  return Object.fromEntries(parts.map((part) => [part.kind, part])) as Record<KeptPart['kind'], KeptPart>
}

/** Files of a directory that hold one of the texts. */
async function filesWith(texts: readonly (string | Buffer)[], at = home): Promise<string[]> {
  const names = await readdir(at, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of names.filter((each) => each.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name))
    if (texts.some((text) => bytes.includes(text))) found.push(entry.name)
  }
  return found
}

const blobOf = (kernel: AssembledKernel, callId: string, kind: KeptPart['kind']) => {
  const hash = contentHash({ origin: kernel.ledger.origin, callId, kind })
  return join(homePaths(home).blobs, hash)
}

/** As a stored result has it. */
const encoded = Buffer.from(JSON.stringify(JSON.stringify({ text: MARK })))
  .toString('base64url')
  .slice(0, 40)

describe('the files of kept content', () => {
  it('are readable by the owner only, and none holds a word of it in the clear', async () => {
    await using kernel = await kernelOf()
    const callId = await call(kernel)
    expect((await parts(kernel, callId)).arguments).toMatchObject({
      check: 'matches',
      content: JSON.stringify({ text: MARK }),
    })
    expect(await filesWith([MARK, encoded])).toEqual([])
    const { blobs, contentKey } = homePaths(home)
    const modes = await Promise.all(
      [blobs, contentKey, blobOf(kernel, callId, 'result')].map(async (path) => (await stat(path)).mode & 0o777),
    )
    expect(modes).toEqual([0o700, 0o600, 0o600])
  })

  it('are not there, and no key is made, while nothing is to be kept', async () => {
    await using kernel = await kernelOf(home, 'none')
    await call(kernel)
    expect(await readdir(home)).not.toContain('blobs')
    expect(await readdir(join(home, 'keys'))).not.toContain('content.key')
  })

  it('can be read and erased after the operator has said to keep nothing more', async () => {
    const callId = await (async () => {
      await using kernel = await kernelOf()
      return await call(kernel)
    })()
    await using kernel = await kernelOf(home, 'none')
    expect((await parts(kernel, callId)).result.check).toBe('matches')
    expect(await kernel.eraseContent({ callId, by, reason })).toMatchObject({ records: 2 })
  })

  it('stop the start when their key is gone, and no other one takes its place', async () => {
    await using stack = new AsyncDisposableStack()
    const kernel = stack.use(await kernelOf())
    const callId = await call(kernel)
    await stack.disposeAsync()
    await rm(homePaths(home).contentKey)
    await expect(kernelOf()).rejects.toMatchObject({ detail: { code: 'key_file_missing' } })
    await using without = await kernelOf(home, 'none')
    expect((await parts(without, callId)).arguments.state).toBe('unreadable')
    expect(await without.eraseContent({ callId, by, reason })).toMatchObject({ records: 2 })
  })
})

describe('what is erased', () => {
  it('is in no file of the home: no key, no ciphertext, no stored result; and the log verifies', async () => {
    await using stack = new AsyncDisposableStack()
    const kernel = stack.use(await kernelOf())
    const callId = await call(kernel, { text: MARK }, { idempotencyKey: 'k' })
    for (let more = 0; more < 30; more++) await call(kernel, { text: `other ${more}` })
    const file = blobOf(kernel, callId, 'arguments')
    const ciphertext = (await readFile(file)).subarray(20, 52)
    expect(await filesWith([encoded])).not.toEqual([])
    expect(await filesWith([ciphertext])).toHaveLength(1)
    const erased = await kernel.eraseContent({ callId, by, reason })
    expect(erased).toMatchObject({ records: 2, stored: 1 })
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
    // While it runs: the write-ahead log of the database is a file too.
    expect(await filesWith([MARK, encoded, ciphertext])).toEqual([])
    const { vkey } = kernel.ledger
    await stack.disposeAsync()
    expect(await filesWith([MARK, encoded, ciphertext])).toEqual([])
    expect((await verifyLog(fileLogDisk(homePaths(home).log), { vkey })).faults).toEqual([])
    await using again = await kernelOf()
    expect((await parts(again, callId)).arguments).toMatchObject({ state: 'erased', erased: { by, reason } })
  })

  it('has no key in the database any more, whatever was kept and erased around it', async () => {
    const keysOf = async () => {
      await using database = await openDatabase<{ content_keys: { wrapped_key: Uint8Array } }>(
        `sqlite:${homePaths(home).state}`,
      )
      return (await database.db.selectFrom('content_keys').select('wrapped_key').execute()).map((row) =>
        Buffer.from(row.wrapped_key),
      )
    }
    const calls: string[] = []
    {
      await using kernel = await kernelOf()
      for (let count = 0; count < 40; count++) calls.push(await call(kernel, { text: `call ${count}` }))
    }
    const before = await keysOf()
    {
      await using kernel = await kernelOf()
      for (const callId of calls.filter((_, at) => at % 3 !== 0)) await kernel.eraseContent({ callId, by, reason })
      for (let count = 0; count < 10; count++) await call(kernel, { text: `later ${count}` })
      for (const callId of calls.filter((_, at) => at % 3 === 0))
        expect((await parts(kernel, callId)).result.check).toBe('matches')
    }
    const after = (await keysOf()).map((key) => key.toString('hex'))
    const gone = before.filter((key) => !after.includes(key.toString('hex')))
    expect([before.length, gone.length]).toEqual([80, 52])
    expect(await filesWith(gone)).toEqual([])
  })
})

describe('mallory, who writes to the blobs of a home,', () => {
  it('cannot exchange, cut, change or replay them: each is refused, and the others still open', async () => {
    await using kernel = await kernelOf()
    const [one, two, three] = [await call(kernel, { n: 1 }), await call(kernel, { n: 2 }), await call(kernel, { n: 3 })]
    const [a, b, c] = [
      blobOf(kernel, one, 'arguments'),
      blobOf(kernel, two, 'arguments'),
      blobOf(kernel, three, 'arguments'),
    ]
    const aside = join(directory, 'aside')
    await copyFile(a, aside)
    await copyFile(b, a)
    await copyFile(aside, b)
    await truncate(c, 30)
    await writeFile(blobOf(kernel, three, 'result'), await readFile(blobOf(kernel, one, 'result')))
    for (const [callId, kind] of [
      [one, 'arguments'],
      [two, 'arguments'],
      [three, 'arguments'],
      [three, 'result'],
    ] as const) {
      const part = (await parts(kernel, callId))[kind]
      expect(part, `${kind} of ${callId}`).toMatchObject({ state: 'unreadable', reason: expect.any(String) })
      expect(part.content).toBeUndefined()
    }
    expect((await parts(kernel, one)).result.check).toBe('matches')
    await rm(a)
    expect((await parts(kernel, one)).arguments).toMatchObject({ state: 'unreadable', reason: 'its file is missing' })
    expect(await kernel.eraseContent({ callId: one, by, reason })).toMatchObject({ records: 2 })
  })

  it('cannot bring back what was erased with a copy of its file', async () => {
    await using kernel = await kernelOf()
    const callId = await call(kernel)
    const file = blobOf(kernel, callId, 'arguments')
    const aside = join(directory, 'aside')
    await copyFile(file, aside)
    await kernel.eraseContent({ callId, by, reason })
    await copyFile(aside, file)
    expect((await parts(kernel, callId)).arguments.state).toBe('erased')
  })
})

describe('a backup', () => {
  const file = () => join(directory, 'node.hansa-backup')
  const restored = () => join(directory, 'restored')
  const backUp = (content: boolean, kernel?: AssembledKernel) =>
    backUpHome({
      home,
      path: file(),
      nowMs: systemClock.now(),
      content,
      ...(kernel === undefined ? {} : { askNode: async () => (await kernel.snapshotState()).path }),
    })

  it.each([true, false])('holds neither content nor keys of it, of a node that runs: %s', async (running) => {
    await using stack = new AsyncDisposableStack()
    const kernel = stack.use(await kernelOf())
    const callId = await call(kernel)
    if (!running) await stack.disposeAsync()
    const { manifest } = await backUp(false, running ? kernel : undefined)
    const paths = manifest.files.map(({ path }) => path)
    expect(paths.filter((path) => path.startsWith('blobs/') || path === 'keys/content.key')).toEqual([])
    await stack.disposeAsync()
    await restoreHome({ file: file(), home: restored(), reason: 'restored', clock: systemClock })
    await using again = await kernelOf(restored())
    expect((await parts(again, callId)).arguments.state).toBe('not_kept')
    expect(await again.eraseContent({ callId, by, reason, dryRun: true })).toMatchObject({ records: 0 })
  })

  it('holds them when it is told to, and so what is erased after it', async () => {
    const callId = await (async () => {
      await using kernel = await kernelOf()
      const id = await call(kernel)
      await backUp(true, kernel)
      await kernel.eraseContent({ callId: id, by, reason })
      return id
    })()
    await verifyBackup({ file: file() })
    await restoreHome({ file: file(), home: restored(), reason: 'restored', clock: systemClock })
    await using again = await kernelOf(restored())
    expect((await parts(again, callId)).arguments).toMatchObject({ state: 'kept', check: 'matches' })
  })
})
