/** docs/guides/verify_log.py against a real log, and against what mallory makes of it. */
import { execFile, spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { createKernel } from '@hansa/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from './pages.ts'

const SCRIPT = join(repository, 'docs/guides/verify_log.py')
const missing = ['python3', 'openssl'].filter((program) => spawnSync('which', [program]).status !== 0)
const ENTRIES = 'entries-0000000000000000.hkl'

type Home = { log: string; manifest: string; older: string }

/** A kernel that made calls, closed: its log, its manifest, and a copy of the log from the middle of its life. */
async function workedHome(root: string, name: string): Promise<Home> {
  const directory = join(root, name)
  const rules = [{ id: 'all', effect: 'allow', subject: '*', action: 'invoke', resource: '*' }] as const
  const open = () => createKernel({ directory, policy: [{ name: 'audit', rules: [...rules] }] })
  const [log, manifest, older] = [join(directory, 'log'), join(root, `${name}.manifest`), join(root, `${name}.older`)]
  for (const calls of [3, 9]) {
    await using kernel = await open()
    await kernel.register({ id: 'echo', safety: 'READ' }, () => 'x')
    for (let at = 0; at < calls; at++) await kernel.invoke('echo', {})
    await writeFile(manifest, (await kernel.advertise()).jws)
    if (calls === 3) {
      await kernel[Symbol.asyncDispose]()
      await cp(log, older, { recursive: true, filter: (path) => !path.endsWith('reserve') })
    }
  }
  return { log, manifest, older }
}

async function judged(...args: string[]): Promise<{ code: number; said: string }> {
  return await promisify(execFile)('python3', [SCRIPT, ...args]).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, said: error.stdout }),
  )
}

describe.skipIf(missing.length > 0)(
  `verify_log.py (needs python3, openssl${missing.length > 0 ? '; missing' : ''})`,
  () => {
    let root: string
    let alice: Home
    let mallory: Home
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'hansa-audit-'))
      alice = await workedHome(root, 'alice')
      mallory = await workedHome(root, 'mallory')
    })
    afterAll(() => rm(root, { recursive: true, force: true }))

    /** A copy of alice's log, changed. */
    async function forged(
      name: string,
      change: (entries: Buffer, log: string) => Promise<Buffer> | Buffer,
    ): Promise<string> {
      const log = join(root, name)
      await cp(alice.log, log, { recursive: true, filter: (path) => !path.endsWith('reserve') })
      await writeFile(join(log, ENTRIES), await change(await readFile(join(log, ENTRIES)), log))
      return log
    }

    it('accepts a log, and the checkpoint that was kept of it', async () => {
      const { code, said } = await judged(alice.log, alice.manifest, join(alice.older, 'checkpoint'))
      expect(said).toMatch(/\nOK\n$/)
      expect(code).toBe(0)
    })

    it('refuses a byte that was changed', async () => {
      const log = await forged('byte', (entries) => {
        entries.writeUInt8(entries.readUInt8(300) ^ 1, 300)
        return entries
      })
      expect(await judged(log, alice.manifest)).toMatchObject({ code: 1, said: expect.stringContaining('checksum') })
    })

    it('refuses an entry that mallory changed with its checksum', async () => {
      const log = await forged('checksum', (entries) =>
        resealed(entries, 2, (text) => text.replace(/"t_ms":(\d)/, '"t_ms":9')),
      )
      expect(await judged(log, alice.manifest)).toMatchObject({
        code: 1,
        said: expect.stringContaining('does not follow'),
      })
    })

    it('refuses a last entry that mallory changed, by the root that was signed', async () => {
      const log = await forged('last', (entries) =>
        resealed(entries, -1, (text) => text.replace(/"t_ms":\d/, '"t_ms":9')),
      )
      expect(await judged(log, alice.manifest)).toMatchObject({
        code: 1,
        said: expect.stringContaining('another root'),
      })
    })

    it('refuses a log without its end, by the checkpoint over it', async () => {
      const log = await forged('short', (entries) => entries.subarray(0, recordsOf(entries).at(-1)?.at))
      expect(await judged(log, alice.manifest)).toMatchObject({ code: 1, said: expect.stringContaining('are there') })
    })

    it('refuses a log whose end is cut within an entry that a checkpoint covers', async () => {
      const log = await forged('cut', (entries) => entries.subarray(0, -5))
      const { code, said } = await judged(log, alice.manifest)
      expect(said).toMatch(/cut off[\s\S]*WRONG.*are there/)
      expect(code).toBe(1)
    })

    it('refuses a log under the manifest of another kernel, and a manifest that mallory signed for alice', async () => {
      expect(await judged(alice.log, mallory.manifest)).toMatchObject({
        code: 1,
        said: expect.stringContaining('names no key'),
      })
      const [head, payload] = (await readFile(alice.manifest, 'utf8')).trim().split('.')
      const signature = (await readFile(mallory.manifest, 'utf8')).trim().split('.')[2]
      await writeFile(join(root, 'forged.manifest'), `${head}.${payload}.${signature}`)
      expect(await judged(alice.log, join(root, 'forged.manifest'))).toMatchObject({
        code: 1,
        said: expect.stringContaining('not signed by'),
      })
    })

    it('refuses a checkpoint whose signature is another one', async () => {
      const log = await forged('signature', async (entries, at) => {
        const note = await readFile(join(at, 'checkpoint'), 'utf8')
        await writeFile(join(at, 'checkpoint'), note.replace(/.{12}\n$/, 'AAAAAAAAAA==\n'))
        return entries
      })
      expect(await judged(log, alice.manifest)).toMatchObject({ code: 1, said: expect.stringContaining('forged') })
    })

    it('refuses an older copy of a log, whole and signed, by a checkpoint that was kept from later', async () => {
      expect(await judged(alice.older, alice.manifest)).toMatchObject({ code: 0 })
      const kept = join(alice.log, 'checkpoint')
      expect(await judged(alice.older, alice.manifest, kept)).toMatchObject({
        code: 1,
        said: expect.stringContaining('does not contain'),
      })
    })
  },
)

type Framed = { at: number; end: number }

function recordsOf(file: Buffer): Framed[] {
  const found: Framed[] = []
  for (let at = 0; at < file.length; ) {
    const end = at + 20 + file.readUInt32BE(at + 4)
    found.push({ at, end })
    at = end
  }
  return found
}

/** The file with one entry changed to one of the same length, and a checksum that fits. */
function resealed(file: Buffer, index: number, change: (text: string) => string): Buffer {
  const { at, end } = recordsOf(file).at(index) ?? { at: 0, end: 0 }
  const text = file.toString('utf8', at + 20, end)
  const changed = change(text)
  if (changed === text || changed.length !== text.length) throw new Error('nothing of that length was changed')
  file.write(changed, at + 20)
  file.writeUInt32BE(crc32(file.subarray(at + 12, end)), at + 8)
  return file
}
