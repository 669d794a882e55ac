import { describe, expect, it } from 'vitest'
import { sha256 } from '../encoding/hash.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { type CosignerKey, cosignerKey } from './cosignature.ts'
import type { Ledger } from './ledger.ts'
import { COSIGNED_FILE } from './log-files.ts'
import { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
import { aDraft, LOG_KEY, MALLORY_LOG_KEY, openOn } from './testing/fixture.ts'
import { type TlogPolicy, witnessQuorum } from './tlog-policy.ts'
import { verifyLog } from './verify-log.ts'

const witnesses = ['one', 'two', 'three'].map((name) => cosignerKey(`${name}.example`, sha256(`witness ${name}`)))
const [one, two, three] = witnesses as [CosignerKey, CosignerKey, CosignerKey]
const policy = ((): TlogPolicy => {
  const reading = witnessQuorum(witnesses.map(({ vkey }) => vkey))
  if (!reading.ok) throw new Error('no policy')
  return reading.policy
})()
const TIME = 1_800_000_000

/** The last checkpoint with the lines of these witnesses. */
function cosigned(ledger: Ledger, ...by: CosignerKey[]): string {
  return ledger.checkpointNote() + by.map((key) => key.cosign(formatCheckpoint(ledger.head()), TIME)).join('')
}

async function logWith(...by: CosignerKey[]): Promise<{ disk: MemoryLogDisk; ledger: Ledger }> {
  const disk = memoryLogDisk('quorum')
  const { ledger } = await openOn(disk)
  for (let n = 0; n < 5; n++) await ledger.append(aDraft(n)).durable
  await ledger.cut()
  if (by.length > 0) await ledger.cosigned.keep(cosigned(ledger, ...by))
  return { disk, ledger }
}

const verify = (disk: MemoryLogDisk, over = {}) => verifyLog(disk, { vkey: LOG_KEY.vkey, witnesses: policy, ...over })

describe('a cosigned checkpoint', () => {
  it('is kept beside the log, also over a restart, and only forwards', async () => {
    const { disk, ledger } = await logWith(one)
    const before = cosigned(ledger, one, two)
    await ledger.append(aDraft(9)).durable
    await ledger.cut()
    const after = cosigned(ledger, one, two)
    await ledger.cosigned.keep(after)
    await ledger.cosigned.keep(before)
    expect(ledger.cosigned.last?.head.size).toBe(7)
    await ledger.close()
    const again = await openOn(disk)
    expect(again.ledger.cosigned.last).toEqual({ head: again.ledger.head(), note: after })
    await again.ledger.close()
  })

  it('is not kept when another key signed it', async () => {
    const { ledger } = await logWith()
    const note = MALLORY_LOG_KEY.sign(formatCheckpoint(ledger.head()))
    await expect(ledger.cosigned.keep(note)).rejects.toThrow(RangeError)
    expect(ledger.cosigned.last).toBeUndefined()
    await ledger.close()
  })
})

describe('a verifier that knows the witnesses', () => {
  it('says who cosigned, and that it is a quorum', async () => {
    const { disk, ledger } = await logWith(one, three)
    const report = await verify(disk)
    expect(report).toMatchObject({ verdict: 'clean', quorum: { reached: true, size: 6 } })
    expect(report.quorum?.cosigned).toEqual([
      { name: 'w1', time: TIME },
      { name: 'w3', time: TIME },
    ])
    expect(report.unchecked.join()).toContain('Only the first 6 entries are known from outside, by the witnesses')
    await ledger.close()
  })

  it('says from where on nobody vouches', async () => {
    const { disk, ledger } = await logWith(one, two)
    await ledger.append(aDraft(9)).durable
    await ledger.close()
    const report = await verify(disk)
    expect(report.verdict).toBe('clean')
    expect(report.unchecked).toContain('Entries from 6 on are under no cosigned checkpoint yet.')
  })

  it.each<[string, CosignerKey[]]>([
    ['too few', [one]],
    ['one of them twice', [one, one]],
    ['nobody', []],
    ['somebody else', [cosignerKey('mallory.example', sha256('mallory witness'))]],
  ])('finds the log incomplete when %s cosigned', async (_what, by) => {
    const { disk, ledger } = await logWith(...by)
    await ledger.close()
    expect(await verify(disk)).toMatchObject({ verdict: 'incomplete', quorum: { reached: false } })
  })

  it('finds the fault in every byte of the file that is not of a witness it does not know', async () => {
    const { disk, ledger } = await logWith(one, two)
    await ledger.close()
    const note = Buffer.from(await disk.read(COSIGNED_FILE, 0, 1e6))
    for (let at = 0; at < note.length; at++) {
      const changed = Buffer.from(note)
      changed[at] = (changed[at] ?? 0) ^ 1
      await disk.replace(COSIGNED_FILE, changed)
      expect([at, (await verify(disk)).verdict]).not.toEqual([at, 'clean'])
    }
    await disk.replace(COSIGNED_FILE, note)
    expect((await verify(disk)).verdict).toBe('clean')
  })

  it('finds the log rewritten behind the witnesses, though its own key signed all of it', async () => {
    const { disk, ledger } = await logWith(one, two)
    const seen = await disk.read(COSIGNED_FILE, 0, 1e6)
    await ledger.close()
    const rewritten = memoryLogDisk('rewritten')
    const mallory = await openOn(rewritten)
    for (let n = 0; n < 5; n++) await mallory.ledger.append(aDraft(n + 100)).durable
    await mallory.ledger.close()
    expect((await verify(rewritten)).verdict).toBe('incomplete')
    await rewritten.replace(COSIGNED_FILE, seen)
    expect(await verify(rewritten)).toMatchObject({ verdict: 'violation', faults: [{ code: 'checkpoint_damaged' }] })
  })
})

describe('a verifier that knows no witnesses', () => {
  it('says that it did not look', async () => {
    const { disk, ledger } = await logWith(one, two)
    await ledger.close()
    const report = await verifyLog(disk, { vkey: LOG_KEY.vkey })
    expect(report.quorum).toBeUndefined()
    expect(report.unchecked.join()).toContain('No witnesses were named')
  })
})
