import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKernel } from '../../create-kernel.ts'
import { runCli } from '../testing/run-cli.ts'

type Called = { home: string; root: string; vkey: string; did: string; call: string }

/** A home in which one call was made, and refused. */
async function aCall(): Promise<Called> {
  const root = await mkdtemp(join(tmpdir(), 'hansa-proof-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const home = join(root, 'home')
  await using kernel = await createKernel({ directory: home })
  const refused = await kernel.invoke('nothing.there', {}).catch((error: unknown) => error)
  const { callId: call } = (refused as { detail: { callId: string } }).detail
  await kernel.ledger.cut()
  return { home, root, vkey: kernel.ledger.vkey, did: kernel.did, call }
}

const json = async (argv: string[], home: string) => {
  const { exit, stdout } = await runCli([...argv, '--json'], { home })
  return { exit, value: JSON.parse(stdout) }
}

async function proven(called: Called): Promise<{ proof: string; entry: string }> {
  const out = join(called.root, 'evidence')
  const { value } = await json(['audit', 'proof', '--call', called.call, '--out', out], called.home)
  return value.files[0]
}

describe('hansa audit proof', () => {
  it('writes a proof for each entry of the call, and the entry as it is in the log', async () => {
    const { home, root, vkey, did, call } = await aCall()
    const out = join(root, 'evidence')
    const { exit, value } = await json(['audit', 'proof', '--call', call, '--out', out], home)
    const entries = (await json(['audit', 'show', '--call', call], home)).value
    expect(exit).toBe(0)
    expect(value.call).toBe(call)
    expect(value.files.map(({ seq, type }: { seq: number; type: string }) => ({ seq, type }))).toEqual(
      entries.map(({ seq, type }: { seq: number; type: string }) => ({ seq, type })),
    )
    expect(value.files.length).toBeGreaterThan(0)
    for (const { proof, entry, seq } of value.files) {
      expect(proof).toBe(`${out}-1-${seq}.tlog-proof`)
      expect(JSON.parse(await readFile(entry, 'utf8'))).toMatchObject({ call_id: call, seq })
      const verified = await json(['verify', proof, '--key', vkey], '/nonexistent')
      expect(verified).toMatchObject({
        exit: 0,
        value: { verdict: 'clean', index: seq, checkpoint: { origin: `${did}/log/1` }, entry: { call_id: call } },
      })
    }
  })

  it('tells a person what was proven, and what was not', async () => {
    const called = await aCall()
    const { proof } = await proven(called)
    const { exit, stdout } = await runCli(['verify', proof, '--key', called.vkey], { home: '/nonexistent' })
    expect(exit).toBe(0)
    expect(stdout).toMatch(/verdict +clean/)
    expect(stdout).toMatch(/place +entry \d+ of \d+ under the checkpoint/)
    expect(stdout).toContain('No witnesses were named')
    const keyless = await runCli(['verify', proof], { home: '/nonexistent' })
    expect([keyless.exit, keyless.stdout]).toEqual([2, expect.stringContaining('No key of the log was given')])
  })

  it('is a violation with an entry that mallory changed, and with another entry', async () => {
    const called = await aCall()
    const { proof, entry } = await proven(called)
    const text = await readFile(entry, 'utf8')
    await writeFile(entry, text.replace('"pol":1', '"pol":2'))
    const changed = await json(['verify', proof, '--key', called.vkey], '/nonexistent')
    expect(changed).toMatchObject({ exit: 1, value: { verdict: 'violation', faults: [{ code: 'inclusion_broken' }] } })
    const other = join(called.root, 'other.json')
    await writeFile(other, text.slice(0, -1))
    expect((await json(['verify', proof, other, '--key', called.vkey], '/nonexistent')).exit).toBe(1)
    await writeFile(other, text)
    expect((await json(['verify', proof, other, '--key', called.vkey], '/nonexistent')).exit).toBe(0)
  })

  it('writes over nothing, and leaves nothing of what it could not finish', async () => {
    const called = await aCall()
    const { entry } = await proven(called)
    await writeFile(entry, 'precious')
    const out = join(called.root, 'evidence')
    await rm(entry.replace(/json$/, 'tlog-proof'))
    const again = await runCli(['audit', 'proof', '--call', called.call, '--out', out], { home: called.home })
    expect([again.exit, again.stderr]).toEqual([3, expect.stringContaining('exists already')])
    expect(await readFile(entry, 'utf8')).toBe('precious')
    expect((await readdir(called.root)).filter((name) => name.endsWith('.tlog-proof'))).toEqual([])
  })

  it.each([
    [['audit', 'proof'], 3, "required option '--call <id>'"],
    [['audit', 'proof', '--call', 'short'], 3, 'is not the id of a call'],
    [['audit', 'proof', '--call', 'A'.repeat(22)], 1, 'No signed entry is about call'],
    [['verify', 'PROOF', '--since', '3'], 3, 'a proof is of one entry'],
    [['verify', 'PROOF', '/nonexistent.json'], 3, 'There is no /nonexistent.json'],
    [['verify', 'PROOF', '--key', 'did:key:z6MkfnoYGaELXs2yjUYaXbiz6x5JHHwA5qq63XqvfRg16cWC'], 1, 'is of did:key'],
  ])('says what is wrong with %j', async (argv, exit, message) => {
    const called = await aCall()
    const { proof } = await proven(called)
    const words = argv.map((word) => (word === 'PROOF' ? proof : word))
    const run = await runCli(words, { home: called.home })
    expect([run.exit, run.stderr]).toEqual([exit, expect.stringContaining(message)])
  })
})
