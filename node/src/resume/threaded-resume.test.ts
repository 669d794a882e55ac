import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger as logger, memoryStore } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { encodeBase64url, sha256, signerFromSeed } from '@hansa/trust'
import { fileLogDisk, type Ledger, noteKey, openLedger, prefixHead } from '@hansa/trust/ledger'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ApprovalArguments } from '../kernel/approval-arguments.ts'
import { Projections } from '../kernel/projections.ts'
import { type ReadOn, readOn, type SealedPoint } from '../kernel/read-on.ts'
import { factsFrom } from '../kernel/replay-facts.ts'
import { ResumeKeeper } from '../kernel/resume-keeper.ts'
import { openResumePoint } from '../kernel/resume-point.ts'
import type { SettledKey } from '../kernel/settled-keys.ts'
import { threadedResume } from './threaded-resume.ts'

const ORIGIN = 'resume.example/hansa/log/1'
const key = noteKey(ORIGIN, new Uint8Array(32).fill(3))
const peer = signerFromSeed(sha256('peer')).did
const seal = sha256('seal')
const facts = { ruleWindows: [['limited', 600]] as const, reads: ['bob/read'] }

function blank(): Projections {
  const never = () => {
    throw new Error('a projection that replays writes nothing')
  }
  const store = memoryStore()
  return new Projections({
    ...{ clock: manualClock(), store, args: new ApprovalArguments({ store, logger }), append: never },
    outbox: {
      logger,
      transport: { send: never, binding: never },
      signer: { sign: never },
      endpointOf: () => undefined,
    },
    facts: factsFrom(facts),
  })
}

async function aLog() {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-resume-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const disk = fileLogDisk(directory)
  const clock = manualClock()
  const ledger = await openLedger({
    disk,
    origin: ORIGIN,
    key,
    clock,
    onFatal: () => {},
    limits: { queueEntries: 20_000 },
  })
  onTestFinished(() => ledger.close())
  const thread = threadedResume(directory)(key.vkey, () => facts)
  onTestFinished(() => thread.close())
  return { directory, disk, ledger, clock, thread }
}

/** Calls of a principal, some at a peer, some with a key, not all of which end. */
async function write(ledger: Ledger, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const call_id = encodeBase64url(sha256(`call ${n}`).subarray(0, 16))
    const common = { call_id, actor: 'agent:a', cap: 'cap.one', ...(n % 3 === 0 ? { peer } : {}) }
    const idem = n % 5 === 0 ? { idem: encodeBase64url(sha256(`key ${n}`)) } : {}
    ledger.append({ ...common, type: n % 3 === 0 ? 'intent.sent' : 'call.begun', rules: ['limited'], ext: idem })
    if (n % 7 !== 0) ledger.append({ ...common, type: 'outcome', ext: { status: 'ok' } })
  }
  await ledger.cut()
}

describe(threadedResume, () => {
  it('makes the same points as the thread that asks, from the beginning and from a point', async () => {
    const { disk, ledger, thread } = await aLog()
    const here = { directory: disk, vkey: key.vkey, blank }
    await write(ledger, 0, 300)
    const first = (await thread.readOn(undefined, seal)) ?? fail()
    expect(opened(first)).toEqual(await readOn(undefined, here))
    expect(first.size).toBe(ledger.size)
    await write(ledger, 300, 700)
    const second = (await thread.readOn(first.sealed, seal)) ?? fail()
    const whole = (await readOn(undefined, here)) ?? fail()
    // What had ended before the first point is on the disk by then.
    expect(opened(second)).toEqual({ ...whole, ended: whole.ended.slice(opened(first).ended.length) })
    expect(await prefixHead(disk, key.vkey, opened(second).point.prefix)).toMatchObject({ fits: true })
    expect(await thread.readOn(second.sealed, seal)).toBeUndefined()
  })

  it('goes on from no point that this kernel has not sealed', async () => {
    const { ledger, thread } = await aLog()
    await write(ledger, 0, 300)
    const made = (await thread.readOn(undefined, sha256('another kernel'))) ?? fail()
    await expect(thread.readOn(made.sealed, seal)).rejects.toThrow('none of this kernel')
  })

  it('verifies what is as it was signed, and rejects what is not', async () => {
    const { directory, ledger, thread, disk } = await aLog()
    await write(ledger, 0, 300)
    const made = opened((await thread.readOn(undefined, seal)) ?? fail())
    await thread.verify(made.point.prefix)
    await changeAByte(directory, disk)
    await expect(thread.verify(made.point.prefix)).rejects.toThrow()
  })

  it('rejects what it was asked when it is closed', async () => {
    const { ledger, thread } = await aLog()
    await write(ledger, 0, 300)
    const asked = thread.readOn(undefined, seal)
    await Promise.all([expect(asked).rejects.toThrow('ended'), thread.close()])
  })

  it('is believed when it finds nothing, and what it finds is found by the keeper again', async () => {
    const { directory, ledger, thread, disk, clock } = await aLog()
    await write(ledger, 0, 6_000)
    const made = opened((await thread.readOn(undefined, seal)) ?? fail())
    const found = Promise.withResolvers<unknown>()
    const keeper = new ResumeKeeper({
      ...{ directory: disk, vkey: key.vkey, blank, store: memoryStore(), clock, logger, thread, key: seal },
      keys: { settle: async () => {}, forgetSettled: async () => false },
      onDamage: found.resolve,
    })
    await changeAByte(directory, disk)
    keeper.resumed(made.point.prefix, made.size)
    const stop = setInterval(() => clock.advance(10), 1)
    onTestFinished(() => clearInterval(stop))
    expect(await found.promise).toMatchObject({ detail: { code: 'log_corrupt' } })
  })
})

async function changeAByte(directory: string, disk: ReturnType<typeof fileLogDisk>): Promise<void> {
  const [file = ''] = (await disk.list()).filter((name) => name.startsWith('entries-'))
  const handle = await open(join(directory, file), 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 20_000)
  await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, 20_000)
  await handle.close()
}

function opened({ sealed, ended, size }: SealedPoint): ReadOn {
  const keys = ended.flatMap((text) => JSON.parse(text) as SettledKey[])
  return { point: openResumePoint(sealed, seal) ?? fail(), ended: keys, size }
}

function fail(): never {
  throw new Error('there is none')
}
