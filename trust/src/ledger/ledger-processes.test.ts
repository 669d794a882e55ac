/** Real processes on a real file system: who holds a directory, and what a kill leaves in it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash } from '../merkle/hashing.ts'
import { EntryChain } from './entry-chain.ts'
import { fileLogDisk } from './file-log-disk.ts'
import { recordFiles, scanFile } from './record-files.ts'
import { aDraft, codeOf, LOG_KEY, ORIGIN, openOn } from './testing/fixture.ts'
import { WriterProcess } from './testing/writer-process.ts'
import { verifyLog } from './verify-log.ts'

const { vkey } = LOG_KEY

/** More for a night: HANSA_KILL_ROUNDS=20000. */
const KILL_ROUNDS = Number(process.env.HANSA_KILL_ROUNDS ?? 200)
const WRITERS = 64
/** A new log begins after so many lives, so that opening it stays quick. */
const LIVES_OF_A_LOG = 20
/** From the moment that a log is opened, or is open, until the kill, ms. */
const LONGEST_LIFE_MS = 40

async function temporary(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hansa-ledger-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

function startWriter(directory: string, nonce: number): WriterProcess {
  const writer = new WriterProcess({ directory, nonce, writers: 8 })
  onTestFinished(() => writer.kill())
  return writer
}

describe('a directory', () => {
  it('belongs to one process, and to the next one when that is killed', async () => {
    const directory = await temporary()
    const holder = startWriter(directory, 1)
    await holder.spoken(2)
    const second = startWriter(directory, 2)
    await second.spoken(2)
    expect(second.said).toEqual(['ready', 'log_locked'])
    expect(await codeOf(openOn(fileLogDisk(directory)))).toBe('log_locked')
    expect((await verifyLog(fileLogDisk(directory), { vkey })).faults).toEqual([])
    await holder.kill()
    const { ledger } = await openOn(fileLogDisk(directory))
    await ledger.close()
  })

  it('belongs to one opening inside a process too', async () => {
    const directory = await temporary()
    const { ledger } = await openOn(fileLogDisk(directory))
    await ledger.append(aDraft(1)).durable
    expect(await codeOf(openOn(fileLogDisk(directory)))).toBe('log_locked')
    await ledger.close()
  })
})

/** Reads a log on from where it was read before: what is behind the last whole record is what a kill has left. */
class GrowingLog {
  readonly directory: string
  readonly #chain = new EntryChain(ORIGIN)
  readonly #leaves: string[] = []
  #at = { file: '', offset: 0 }

  constructor(directory: string) {
    this.directory = directory
  }

  /** @returns those of the acknowledged entries that are not there. @throws LedgerError for a link that is broken */
  async lost(acknowledged: readonly { seq: number; leafHash: string }[]): Promise<number[]> {
    await this.#readOn()
    return acknowledged.filter((one) => this.#leaves[one.seq] !== one.leafHash).map(({ seq }) => seq)
  }

  async #readOn(): Promise<void> {
    const disk = fileLogDisk(this.directory)
    for (const file of await recordFiles(disk, 'entries')) {
      if (file.name < this.#at.file) continue
      const from = file.name === this.#at.file ? this.#at.offset : 0
      for await (const { records } of scanFile(disk, file, from)) {
        for (const record of records) {
          this.#chain.take(record)
          this.#leaves.push(encodeBase64url(leafHash(record.bytes)))
          this.#at = { file: file.name, offset: record.end }
        }
      }
    }
  }
}

type Kills = { rounds: number; acknowledged: number; beforeOpening: number; lost: string[] }

/** One life after the other in one log after the other; the next process starts while this one lives. */
async function killAgainAndAgain(lane: number, rounds: number, random: () => number): Promise<Kills> {
  const kills: Kills = { rounds: 0, acknowledged: 0, beforeOpening: 0, lost: [] }
  let log = new GrowingLog(await temporary())
  const start = (round: number, { directory }: GrowingLog) =>
    new WriterProcess({ directory, nonce: lane * 100_000 + round, writers: WRITERS, waits: true })
  let next = start(0, log)
  for (let round = 0; round < rounds; round++) {
    await using writer = next
    const last = round % LIVES_OF_A_LOG === LIVES_OF_A_LOG - 1 || round === rounds - 1
    const own = log
    if (last) log = new GrowingLog(await temporary())
    if (round < rounds - 1) next = start(round + 1, log)
    await writer.spoken(1)
    writer.go()
    // Every fourth is killed while it opens the log, or soon after.
    if (round % 4 !== 0) await writer.spoken(2)
    await delay(random() * LONGEST_LIFE_MS)
    await writer.kill()
    const { acknowledged } = writer
    const lost = await own.lost(acknowledged)
    kills.lost.push(...lost.map((seq) => `entry ${seq} of round ${round} in lane ${lane}`))
    kills.rounds++
    kills.acknowledged += acknowledged.length
    if (!writer.said.includes('open')) kills.beforeOpening++
    if (last) await expectWhole(own)
  }
  return kills
}

/** Verifies as an auditor would, opens once more, and verifies again. */
async function expectWhole({ directory }: GrowingLog): Promise<void> {
  const disk = fileLogDisk(directory)
  expect((await verifyLog(disk, { vkey })).faults).toEqual([])
  const { ledger } = await openOn(disk)
  await ledger.close()
  expect((await verifyLog(disk, { vkey })).verdict).toBe('clean')
}

/** The same numbers in every run; the instants differ anyhow. */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('a kill', () => {
  it(
    'takes no acknowledged entry, of 64 writers, at whatever instant of their many lives it comes',
    async () => {
      const lanes = Math.max(2, Math.min(8, availableParallelism()))
      const all = await Promise.all(
        Array.from({ length: lanes }, (_, lane) =>
          killAgainAndAgain(lane, Math.ceil(KILL_ROUNDS / lanes), numbersFrom(lane + 1)),
        ),
      )
      const sum = (of: (kills: Kills) => number) => all.reduce((total, kills) => total + of(kills), 0)
      expect(all.flatMap(({ lost }) => lost)).toEqual([])
      expect(sum(({ rounds }) => rounds)).toBeGreaterThanOrEqual(KILL_ROUNDS)
      expect(sum(({ acknowledged }) => acknowledged)).toBeGreaterThan(KILL_ROUNDS)
      const early = sum(({ beforeOpening }) => beforeOpening)
      process.stdout.write(
        `${sum(({ rounds }) => rounds)} kills, ${early} of them while the log was opened: ${sum(({ acknowledged }) => acknowledged)} entries acknowledged, none lost\n`,
      )
    },
    600_000 + KILL_ROUNDS * 1000,
  )
})
