/** docs/guides/verify_log.py against a real log, and against what mallory makes of it. */
import { execFile, spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { createKernel } from '@hansa/node'
import { fileLogDisk, fileTileStore, type ProvenEntry, proveCall, readEntries, writeTiles } from '@hansa/trust/ledger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from './pages.ts'
import { runPage } from './run-page.ts'
import { scratchMachine } from './scratch-machine.ts'

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

    it('accepts the log as tiles, and refuses what mallory makes of any of them', { timeout: 60_000 }, async () => {
      const tiles = join(root, 'tiles')
      await writeTiles(fileLogDisk(alice.log), fileTileStore(tiles))
      const { code, said } = await judged(tiles, alice.manifest, join(alice.older, 'checkpoint'))
      expect([code, said]).toEqual([0, expect.stringMatching(/checkpoints +1, [\s\S]*\nOK\n$/)])
      for (const path of await fileTileStore(tiles).list()) {
        const bytes = await readFile(join(tiles, path))
        const at = Math.floor(bytes.length / 2)
        await writeFile(join(tiles, path), bytes.fill((bytes[at] ?? 0) ^ 1, at, at + 1))
        expect(await judged(tiles, alice.manifest)).toMatchObject({ code: 1, said: expect.stringContaining('WRONG') })
        await writeFile(join(tiles, path), bytes.fill((bytes[at] ?? 0) ^ 1, at, at + 1))
      }
      expect(await judged(tiles, mallory.manifest)).toMatchObject({ code: 1 })
      expect(await judged(tiles, alice.manifest)).toMatchObject({ code: 0 })
    })

    it('accepts the proof of an entry, and refuses another entry, place and key', { timeout: 60_000 }, async () => {
      const [file, beside] = [join(root, 'one.tlog-proof'), join(root, 'one.json')]
      const [proven, other] = await proofsOf(alice.log, await lastCall(alice.log))
      if (proven === undefined || other === undefined) throw new Error('a call has two entries')
      await writeFile(file, proven.proof)
      await writeFile(beside, proven.bytes)
      expect(await judged(file, alice.manifest)).toMatchObject({ code: 0, said: expect.stringMatching(/\nOK\n$/) })
      expect(await judged(file, mallory.manifest)).toMatchObject({ code: 1, said: expect.stringContaining('no key') })
      await writeFile(file, proven.proof.replace(/^index .*$/m, `index ${other.entry.seq}`))
      expect(await judged(file, alice.manifest)).toMatchObject({ code: 1 })
      await writeFile(file, proven.proof)
      await writeFile(
        beside,
        Buffer.from(proven.bytes)
          .toString()
          .replace(/"t_ms":\d/, '"t_ms":9'),
      )
      expect(await judged(file, alice.manifest)).toMatchObject({
        code: 1,
        said: expect.stringContaining('is not entry'),
      })
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

describe.skipIf(missing.length > 0)('verify_log.py on an export', () => {
  it('accepts it, and refuses what mallory makes of it', { timeout: 120_000 }, async () => {
    await using machine = await scratchMachine()
    await runPage('docs/quickstart.md', machine)
    const made = await machine.runBlock(`hansa advertise --jws --home orgb > orgb.manifest
hansa advertise --jws --home orga > orga.manifest
hansa audit export --home orgb --out made.jsonl --peer "$(hansa status --home orga | sed -n 's/^did *//p')" > /dev/null
cat made.jsonl
`)
    expect(made.code, made.output).toBe(0)
    const lines = made.output.trim().split('\n')
    const judge = async (changed: readonly string[], manifest = 'orgb.manifest') => {
      await machine.writeFile('changed.jsonl', `${changed.join('\n')}\n`)
      return await machine.runBlock(`python3 ~/hansa/docs/guides/verify_log.py changed.jsonl ${manifest}\n`)
    }
    expect(await judge(lines)).toMatchObject({ code: 0, output: expect.stringMatching(/OK\n$/) })
    const [header = '', first = '', second = '', ...rest] = lines
    const entry = (line: string, change: (text: string) => string) => {
      const { seq, entry: bytes, path } = JSON.parse(line)
      const text = change(Buffer.from(bytes, 'base64url').toString())
      return JSON.stringify({ seq, entry: Buffer.from(text).toString('base64url'), path })
    }
    const otherTime = entry(first, (text) => text.replace(/"t_ms":\d/, '"t_ms":9'))
    expect(otherTime).not.toBe(first)
    const refused = (said: string) => ({ code: 1, output: expect.stringContaining(said) })
    expect(await judge([header, otherTime, second, ...rest])).toMatchObject(refused('does not stand under'))
    expect(await judge([header, second, first, ...rest])).toMatchObject(refused('out of its place'))
    expect(await judge([header, second, ...rest])).toMatchObject(refused('counts another number'))
    expect(await judge(lines.slice(0, -1))).toMatchObject(refused('the end is missing'))
    expect(await judge(lines, 'orga.manifest')).toMatchObject(refused('no export of a log of'))
    const forged = header.replace(/(\\n[^\\]*)\\n\\n/, '$1x\\n\\n')
    expect(forged).not.toBe(header)
    expect((await judge([forged, first, second, ...rest])).code).toBe(1)
  })
})

async function lastCall(log: string): Promise<string> {
  let last = ''
  for await (const { entry } of readEntries(fileLogDisk(log))) last = entry.call_id ?? last
  return last
}

async function proofsOf(log: string, call: string): Promise<ProvenEntry[]> {
  const proofs: ProvenEntry[] = []
  for await (const one of proveCall(fileLogDisk(log), call)) proofs.push(one)
  return proofs
}

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
