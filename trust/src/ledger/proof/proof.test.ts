import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import { leafHash } from '../../merkle/hashing.ts'
import { rootAndPaths } from '../../merkle/inclusion.ts'
import { formatCheckpoint } from '../checkpoint.ts'
import { cosignerKey } from '../cosignature.ts'
import { COSIGNED_FILE } from '../log-files.ts'
import { type MemoryLogDisk, memoryLogDisk } from '../memory-log-disk.ts'
import { noteKey } from '../note.ts'
import { storedIndex } from '../stored-hashes.ts'
import { closeBoth, exchange, twoKernels } from '../testing/exchange.ts'
import { aDraft, codeOf, idOf, LOG_KEY, MALLORY_LOG_KEY, ORIGIN, openOn } from '../testing/fixture.ts'
import { type TlogPolicy, witnessQuorum } from '../tlog-policy.ts'
import { type ProvenEntry, proveCall } from './prove-call.ts'
import { formatTlogProof, parseTlogProof, type TlogProof } from './tlog-proof.ts'
import { verifyProof } from './verify-proof.ts'

const { vkey } = LOG_KEY

async function aLog(count: number): Promise<MemoryLogDisk> {
  const disk = memoryLogDisk()
  const { ledger } = await openOn(disk)
  while (ledger.size < count) ledger.append(aDraft(ledger.size))
  await ledger.close()
  return disk
}

async function proofsOf(disk: MemoryLogDisk, call: string): Promise<ProvenEntry[]> {
  const all: ProvenEntry[] = []
  for await (const one of proveCall(disk, call)) all.push(one)
  return all
}

/** The proof of one entry of a log of `count`. */
async function aProof(count = 20, seq = 7): Promise<ProvenEntry> {
  const [proven] = await proofsOf(await aLog(count), idOf(`call ${seq}`))
  if (proven === undefined) throw new Error('no proof')
  return proven
}

const parsed = (proof: string): TlogProof => {
  const read = parseTlogProof(proof)
  if (read === undefined) throw new Error('not a proof')
  return read
}

const codes = async (...of: Parameters<typeof verifyProof>) => (await verifyProof(...of)).faults.map(({ code }) => code)

describe('a tlog-proof', () => {
  it('is written line by line as C2SP describes it', async () => {
    const { proof, checkpoint } = await aProof()
    const lines = proof.split('\n')
    expect(lines.slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 7'])
    const blank = lines.indexOf('')
    for (const line of lines.slice(2, blank)) expect(Buffer.from(line, 'base64')).toHaveLength(32)
    expect(blank - 2).toBe(5)
    expect(lines.slice(blank + 1)).toEqual([
      ORIGIN,
      String(checkpoint.size),
      Buffer.from(checkpoint.root, 'base64url').toString('base64'),
      '',
      expect.stringMatching(/^— b\.example\/hansa\/log\/1 [A-Za-z0-9+/]+={0,2}$/),
      '',
    ])
  })

  it('of the example in the specification is read, whatever its extra data say', () => {
    const hashes = ['gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=', 'B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=']
    const checkpoint =
      'example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJw==\n'
    const extra = 'YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6'
    const text = `c2sp.org/tlog-proof@v1\nextra ${extra}\nindex 73894\n${hashes.join('\n')}\n\n${checkpoint}`
    expect(parseTlogProof(text)).toEqual({
      index: 73894,
      path: hashes.map((hash) => Buffer.from(hash, 'base64')),
      checkpoint,
      extra: Buffer.from('age-v1.2.1-darwin-arm64.tar.gz'),
    })
  })

  it('is read back as it was written', () => {
    const some = fc.record({
      index: fc.maxSafeNat(),
      path: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 53 }),
      checkpoint: fc.constantFrom('a\n1\nb\n\n— a b\n', '', '\n\n'),
    })
    fc.assert(
      fc.property(some, fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }), (proof, extra) => {
        const text = formatTlogProof({ ...proof, ...(extra && { extra }) })
        expect(parseTlogProof(text) && formatTlogProof(parsed(text))).toBe(text)
      }),
    )
  })

  it.each([
    ['nothing', ''],
    ['another version', 'c2sp.org/tlog-proof@v2\nindex 0\n\nnote'],
    ['a carriage return', 'c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\nnote'],
    ['no index', 'c2sp.org/tlog-proof@v1\n\nnote'],
    ['an index with a zero in front', 'c2sp.org/tlog-proof@v1\nindex 01\n\nnote'],
    ['a negative index', 'c2sp.org/tlog-proof@v1\nindex -1\n\nnote'],
    ['an index beyond all numbers', 'c2sp.org/tlog-proof@v1\nindex 9007199254740993\n\nnote'],
    ['two indexes', 'c2sp.org/tlog-proof@v1\nindex 0\nindex 0\n\nnote'],
    ['a hash that is short', `c2sp.org/tlog-proof@v1\nindex 0\n${Buffer.alloc(31).toString('base64')}\n\nnote`],
    ['a hash in base64url', `c2sp.org/tlog-proof@v1\nindex 0\n${Buffer.alloc(32, 255).toString('base64url')}\n\nnote`],
    ['extra data that are no base64', 'c2sp.org/tlog-proof@v1\nextra ?\nindex 0\n\nnote'],
    ['extra data behind the index', 'c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\nnote'],
    ['no empty line', 'c2sp.org/tlog-proof@v1\nindex 0\n'],
    [
      'more hashes than a tree is high',
      `c2sp.org/tlog-proof@v1\nindex 0\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(54)}\nnote`,
    ],
    ['more than a note can be', `c2sp.org/tlog-proof@v1\nindex 0\n\n${'x'.repeat(1_200_000)}`],
  ])('is not read with %s', async (_what, text) => {
    expect(parseTlogProof(text)).toBeUndefined()
    expect(await codes(text, Buffer.from('{}'), { vkey })).toContain('proof_malformed')
  })
})

describe('proofs for a call', () => {
  it('are clean with the entry and the key of the log, for every entry at any size', async () => {
    for (const count of [2, 3, 8, 9, 255, 256, 257]) {
      const disk = await aLog(count)
      for (const seq of new Set([1, Math.floor(count / 2), count - 1])) {
        const [proven] = await proofsOf(disk, idOf(`call ${seq}`))
        const report = await verifyProof(proven?.proof ?? '', proven?.bytes ?? new Uint8Array(), { vkey })
        expect(report).toMatchObject({ verdict: 'clean', index: seq, entry: { seq }, checkpoint: { size: count } })
      }
    }
  })

  it('hold every entry of it, with the signature of the other side verified', async () => {
    const { a, b } = await twoKernels()
    const call = await exchange(a, b, 'one')
    await closeBoth({ a, b })
    const proofs = await proofsOf(b.disk, call)
    expect(proofs.map(({ entry }) => entry.type)).toEqual(['intent.accepted', 'outcome', 'ack.received'])
    for (const { proof, bytes } of proofs) {
      const report = await verifyProof(proof, bytes, { vkey: b.ledger.vkey })
      expect(report).toMatchObject({ verdict: 'clean', faults: [], entry: { call_id: call } })
    }
    const first = await verifyProof(proofs[0]?.proof ?? '', proofs[0]?.bytes ?? new Uint8Array())
    expect(first).toMatchObject({ verdict: 'incomplete', exitCode: 2, evidence: true })
  })

  it('hold the entry of an acknowledgement that came with others', async () => {
    const { a, b } = await twoKernels()
    const call = await exchange(a, b, 'one', { together: true })
    await closeBoth({ a, b })
    const last = (await proofsOf(b.disk, call)).at(-1)
    const report = await verifyProof(last?.proof ?? '', last?.bytes ?? new Uint8Array(), { vkey: b.ledger.vkey })
    expect(report).toMatchObject({ verdict: 'clean', faults: [], entry: { type: 'acks.received' } })
  })

  it('are none of a call that is not in the log, and none of what is not signed yet', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    await ledger.cut()
    await ledger.append(aDraft(1)).durable
    expect(await proofsOf(disk, idOf('call 1'))).toEqual([])
    await ledger.cut()
    expect(await proofsOf(disk, idOf('call 1'))).toHaveLength(1)
    expect(await proofsOf(disk, idOf('call 2'))).toEqual([])
    await ledger.close()
  })

  it('are not made of an entry or a hash that is not as it was signed', async () => {
    const call = idOf('call 7')
    const changed = await aLog(20)
    const file = (await changed.list()).findLast((name) => name.startsWith('entries')) ?? ''
    changed.flip(file, 2500)
    expect(await codeOf(proofsOf(changed, call))).toBe('log_corrupt')
    const otherHash = await aLog(20)
    otherHash.flip('hashes', 32 * storedIndex(0, 4))
    expect(await codeOf(proofsOf(otherHash, idOf('call 5')))).toBe('log_corrupt')
  })

  it('lead to what witnesses cosigned, where that covers the entry', async () => {
    const disk = await aLog(30)
    const witness = cosignerKey('w.example', sha256('a witness'))
    const note = new TextDecoder().decode(await disk.read('checkpoint', 0, 10_000))
    const cosigned = `${note}${witness.cosign(note.slice(0, note.lastIndexOf('\n\n') + 1), 1_800_000_000)}`
    disk.tamper(COSIGNED_FILE, Buffer.from(cosigned))
    const { ledger } = await openOn(disk)
    while (ledger.size < 40) ledger.append(aDraft(ledger.size))
    await ledger.close()
    const [[old], [recent]] = [await proofsOf(disk, idOf('call 7')), await proofsOf(disk, idOf('call 35'))]
    expect([old?.checkpoint.size, recent?.checkpoint.size]).toEqual([30, 40])
    const policy = quorumOf([witness.vkey])
    const seen = await verifyProof(old?.proof ?? '', old?.bytes ?? new Uint8Array(), { vkey, witnesses: policy })
    expect(seen).toMatchObject({ verdict: 'clean', quorum: { reached: true, size: 30 } })
    const unseen = await verifyProof(recent?.proof ?? '', recent?.bytes ?? new Uint8Array(), {
      vkey,
      witnesses: policy,
    })
    expect(unseen).toMatchObject({ verdict: 'incomplete', quorum: { reached: false } })
  })
})

describe('mallory', () => {
  it('is found when she changes any character of a proof or any byte of its entry', async () => {
    const { proof, bytes } = await aProof()
    const passed: string[] = []
    const text = Buffer.from(proof)
    for (let at = 0; at < text.length; at++) {
      const other = Buffer.from(text)
      other[at] = (other[at] ?? 0) ^ 1
      if ((await verifyProof(other.toString('utf8'), bytes, { vkey })).verdict === 'clean') passed.push(`proof ${at}`)
    }
    for (let at = 0; at < bytes.length; at++) {
      const other = Buffer.from(bytes)
      other[at] = (other[at] ?? 0) ^ 1
      if ((await verifyProof(proof, other, { vkey })).verdict === 'clean') passed.push(`entry ${at}`)
    }
    expect(passed).toEqual([])
  })

  it('shows no other entry with the proof of one, and none at another place', async () => {
    const [one, other] = [await aProof(20, 7), await aProof(20, 8)]
    expect(await codes(one.proof, other.bytes, { vkey })).toEqual(['inclusion_broken', 'record_order'])
    const moved = formatTlogProof({ ...parsed(one.proof), index: 8 })
    expect(await codes(moved, one.bytes, { vkey })).toEqual(['inclusion_broken', 'record_order'])
    const shorter = formatTlogProof({ ...parsed(one.proof), path: parsed(one.proof).path.slice(1) })
    expect(await codes(shorter, one.bytes, { vkey })).toEqual(['inclusion_broken'])
    const longer = formatTlogProof({ ...parsed(one.proof), path: [...parsed(one.proof).path, Buffer.alloc(32)] })
    expect(await codes(longer, one.bytes, { vkey })).toEqual(['inclusion_broken'])
  })

  it('shows no inner node of the tree as an entry', async () => {
    const { proof } = await aProof(4, 1)
    const { path, checkpoint } = parsed(proof)
    const node = Buffer.concat([path[0] ?? new Uint8Array(), path[0] ?? new Uint8Array()])
    const text = formatTlogProof({ index: 0, path: path.slice(1), checkpoint })
    expect(await codes(text, node, { vkey })).toEqual(['inclusion_broken', 'entry_invalid'])
  })

  it('signs with a key of her own a tree that holds what never was', async () => {
    const { bytes } = await aProof()
    const { root, paths } = rootAndPaths([leafHash(bytes)], (hash) => hash)
    const head = { origin: ORIGIN, size: 1, root: encodeBase64url(root) }
    const forged = { index: 0, path: paths[0] ?? [], checkpoint: MALLORY_LOG_KEY.sign(formatCheckpoint(head)) }
    expect(await codes(formatTlogProof(forged), bytes, { vkey })).toEqual(['checkpoint_forged', 'record_order'])
    const named = noteKey('mallory.example', sha256('mallory'))
    const own = { ...forged, checkpoint: named.sign(formatCheckpoint({ ...head, origin: 'mallory.example' })) }
    expect(await codes(formatTlogProof(own), bytes, { vkey: named.vkey })).toEqual(['record_order', 'origin_changed'])
  })

  it('gives nothing that counts without the key of the log', async () => {
    const { proof, bytes } = await aProof()
    const report = await verifyProof(proof, bytes)
    expect(report).toMatchObject({ verdict: 'incomplete', incomplete: [expect.stringContaining('No key')] })
  })

  it('is not believed by a verifier that was given no key that is one', async () => {
    const { proof, bytes } = await aProof()
    await expect(verifyProof(proof, bytes, { vkey: 'mallory' })).rejects.toThrow(RangeError)
  })
})

function quorumOf(vkeys: string[]): TlogPolicy {
  const reading = witnessQuorum(vkeys)
  if (!reading.ok) throw new Error('no policy')
  return reading.policy
}
